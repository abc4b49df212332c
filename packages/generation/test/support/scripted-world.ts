// `generate` on a scripted engine, clock and machine: no process starts, and every number can be worked out by hand.
import { EXAMPLE_MACHINE } from '@whyslow/command/support/example-trials.ts'
import { type GeneratePorts, generate } from '@whyslow/generation/commands/generate/generate.ts'
import type { GenerateOptions } from '@whyslow/generation/commands/generate/options.ts'
import type { RecognizedSource } from '@whyslow/generation/commands/generate/recognized.ts'
import { kernelRatesTask } from '@whyslow/generation/estimate/kernel-rates.ts'
import type { KernelRates } from '@whyslow/generation/facts.ts'
import type { GeneratorEngine } from '@whyslow/generation/generator.ts'
import { measureProcess } from '@whyslow/generation/measure/process.ts'
import type { MeasureInput } from '@whyslow/generation/measure/types.ts'
import type { RunTrial } from '@whyslow/measure/trials/port.ts'
import type { GenerationModel } from '@whyslow/report/documents/generation.ts'
import { type Script, scriptedGenerator } from './scripted-generator.ts'

// 40 MB of weights and 20 kB of cache a token, read at 10 GB/s: 4 ms, and 2 ms for each thousand tokens in the cache.
export const MODEL: GenerationModel = {
  ...{ name: 'tiny', kind: 'onnx', architecture: 'llama', layers: 2, kvHeads: 2, headSize: 16, vocabulary: 100, context: 4096 },
  ...{
    dtype: 'float32',
    cacheDtype: 'float32',
    parameters: 10e6,
    bytesPerToken: 40e6,
    cacheBytesPerToken: 20e3,
    tokenizer: null,
  },
}

export const FOUND: RecognizedSource = { source: 'model.onnx', kind: 'onnx', model: MODEL, step: async () => 'there is no graph' }

const engine: GeneratorEngine = {
  id: 'scripted',
  title: 'A scripted engine',
  opens: ({ kind }) => (kind === 'gguf' ? 'it reads no GGUF' : true),
  missing: async () => null,
  open: () => Promise.reject(new Error('nothing is opened here')),
}

export function scriptedWorld(
  script: Script,
  given: {
    readonly found?: RecognizedSource
    readonly fails?: (process: number) => boolean
    readonly engine?: Partial<GeneratorEngine>
    /** Bytes a second; absent: they cannot be timed. */
    readonly kernelRates?: KernelRates
  } = {},
) {
  const inputs: MeasureInput[] = []
  const recognizedAs: (string | null)[] = []
  const run: RunTrial = async (task, input) => {
    if (task.id === 'read-bandwidth') return { outcome: 'measured', value: 10e9 as never }
    if (task.id === kernelRatesTask.id && given.kernelRates !== undefined)
      return { outcome: 'measured', value: given.kernelRates as never }
    if (task.id !== 'generation-measure') return { outcome: 'failed', reason: `no ${task.id} here` }
    inputs.push(input as MeasureInput)
    if (given.fails?.(inputs.length - 1)) return { outcome: 'failed', reason: 'it broke' }
    const { open, now } = scriptedGenerator(script)
    const value = await measureProcess(open, (input as MeasureInput).plan, { now, garbageMs: async () => 0 })
    return { outcome: 'measured', value: value as never }
  }
  const ports: GeneratePorts = {
    engines: [{ ...engine, ...given.engine }],
    recognize: async (_, dtype) => {
      recognizedAs.push(dtype)
      return given.found ?? FOUND
    },
    handoffNs: async () => null,
  }
  const trials: GenerateOptions['trials'] = { run, alone: (work) => work(), machine: () => EXAMPLE_MACHINE }
  return {
    inputs,
    recognizedAs,
    ports,
    trials,
    generate: (options: Partial<GenerateOptions> = {}) => generate('model.onnx', { trials, ...options }, ports),
  }
}
