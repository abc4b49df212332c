// A machine in a script, for tests of commands: its trials answer at once, with latencies that the test sets, so that what a command makes
// of them can be seen without a process. The model is fixtures/models/symbolic-batch.onnx: x [batch, 16] to y [batch, 4].
import { copyFileSync } from 'node:fs'
import path from 'node:path'
import { readModel } from '@whyslow/formats/index.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import type { Availability, Feeds } from '@whyslow/measure/engines/types.ts'
import type { Machine } from '@whyslow/measure/machine/types.ts'
import { loadInputs, saveInputs } from '@whyslow/measure/samples/saved.ts'
import {
  failed,
  measured,
  type Script,
  type ScriptedRunner,
  scriptedRunner,
} from '@whyslow/measure/support/trials/example-runner.ts'
import type { LatencyInput, LatencyOutput } from '@whyslow/measure/timing/latency-block.ts'
import type { ProfileInput, ProfileOutput } from '@whyslow/measure/timing/profile/types.ts'
import type { ModelTask } from '@whyslow/measure/trials/model-task.ts'
import type { Trial } from '@whyslow/measure/trials/port.ts'
import type { TryOutput } from '@whyslow/measure/try-once.ts'

export const MODEL = path.resolve(import.meta.dirname, '../../../../fixtures/models/symbolic-batch.onnx')

export const here: Extract<Availability, { ok: true }> = {
  ok: true,
  version: '1.30.0',
  device: 'cpu',
  deviceKind: 'cpu',
  from: path.resolve(import.meta.dirname, '../../../../node_modules/onnxruntime-node'),
  accelerators: [],
}
/** Two quiet CPUs of a made-up processor, on any computer that a test runs on. */
export const EXAMPLE_MACHINE: Machine = {
  cpu: 'Example CPU',
  architecture: 'x64',
  platform: 'linux',
  usableCpus: 2,
  onlineCpus: 2,
  physicalCores: 2,
  quotaCpus: null,
  memoryBytes: 8e9,
  memoryLimitBytes: null,
  isa: ['avx2', 'fma'],
  accelerators: [],
  caches: { L1d: 32_768, L2: 1_048_576, L3: 16_777_216 },
  virtualised: false,
  governor: 'performance',
  os: 'Linux 6.1',
  node: '20.19.0',
  unknown: [],
}
export const absent: Availability = { ok: false, reason: 'it is not installed', fix: 'npm install it' }

/** One process with steady samples around `p50Ms`. */
export function block(p50Ms: number, rest: Partial<LatencyOutput> = {}): LatencyOutput {
  return {
    process: 0,
    p50Ms,
    samplesMs: Array.from({ length: 100 }, (_, k) => p50Ms * (1 + ((k % 5) - 2) / 1000)),
    loadMs: 20,
    firstMs: 2 * p50Ms,
    warmupMs: 10,
    warmupRuns: 5,
    wallMs: 100 * p50Ms,
    handoffBeforeNs: 120,
    handoffAfterNs: 120,
    regime: '',
    waitedMs: 0,
    throttledCpuMs: 0,
    stolenCpuMs: 0,
    majorFaults: 0,
    involuntarySwitches: 0,
    gcMs: 0,
    clockRatio: 1,
    waitAtMedianMs: 0,
    loadPeakBytes: 1e6,
    predictPeakBytes: 2e6,
    keptBytes: 1e5,
    ...rest,
  }
}

export interface MachineScript {
  /** What differs from `EXAMPLE_MACHINE`. */
  readonly machine?: Partial<Machine>
  /** By engine; default: every engine but those of browsers and other hardware is installed. */
  readonly engines?: (id: string) => Availability
  /** p50 of a process, ms, or what else comes of it. `call`: how many came before. */
  readonly latency: (input: LatencyInput, call: number) => number | Trial<LatencyOutput>
  /** What comes out for one sample; default: four times the first input's first number. */
  readonly outputs?: (task: ModelTask, feeds: Feeds) => Feeds
  readonly tried?: Partial<TryOutput>
  /** Further tasks, and others than these. */
  readonly more?: Script
}

const y = (values: readonly number[]): Feeds => ({ y: { dtype: 'float32', shape: [1, 4], data: Float32Array.from(values) } })

const firstNumber = (feeds: Feeds): number => Number((Object.values(feeds)[0]!.data as Float32Array)[0])

/** A profile of the model as it is written: its nodes run in order, each for as long as its operator's time, ms; 0.001 where none is given. */
export const profileOf =
  (times: Readonly<Record<string, number>>) =>
  async ({ modelFile, optimizedModelPath, rounds }: ProfileInput): Promise<Trial<ProfileOutput>> => {
    copyFileSync(modelFile, optimizedModelPath)
    const { nodes } = viewGraph(await readModel(modelFile))
    const total = nodes.reduce((sum, { opType }) => sum + (times[opType] ?? 0.001), 0)
    const cost = { fixedUs: 0, perTensorUs: 0, betweenUs: 0, dispatchUs: 0.1 }
    const round = { profiledP50Ms: 2 * total, plainP50Ms: total, outsideMs: 0, plainDrift: 1, cost, emptyP50Ms: 0.001 }
    return measured({
      events: nodes.map(({ name, opType }, nodeIndex) => ({
        name,
        nodeIndex,
        opType,
        provider: 'CPUExecutionProvider',
        parent: null,
        rawMs: Array.from({ length: rounds }, () => times[opType] ?? 0.001),
        runsPerPrediction: 1,
        childRunsPerPrediction: 0,
        inputTypes: [],
        outputTypes: [],
      })),
      predictions: 10,
      rounds: Array.from({ length: rounds }, () => round),
      truncated: false,
      calibrated: true,
      bodyUs: null,
      onOneThread: false,
    })
  }

export function scriptedMachine(script: MachineScript): ScriptedRunner {
  const outputs = script.outputs ?? ((_, feeds) => y([1, 2, 3, 4].map((k) => k * firstNumber(feeds))))
  const predictAll = (task: ModelTask, inputs: string, folder: string) => ({
    saved: saveInputs(
      folder,
      loadInputs(inputs).map((feeds) => outputs(task, feeds)),
    ),
    varying: [],
  })
  const machine = (accelerators: readonly string[]): Machine => ({ ...EXAMPLE_MACHINE, accelerators, ...script.machine })
  const runner = scriptedRunner({
    engine: ({ engine }: { engine: string }) =>
      measured((script.engines ?? ((id) => (id === 'ort-cpu' ? here : absent)))(engine)),
    try: () =>
      measured<TryOutput>({
        outputs: [{ name: 'y', type: { dtype: 'float32', shape: [1, 4] }, finite: true }],
        poolThreads: 2,
        loadMs: 20,
        predictionMs: 3,
        ...script.tried,
      }),
    latency(input: LatencyInput, call) {
      const found = script.latency(input, call)
      if (typeof found !== 'number') return found
      const { outputsOf } = input
      return measured(block(found, outputsOf ? { outputs: predictAll(input, outputsOf.inputs, outputsOf.folder) } : {}))
    },
    outputs: (task: ModelTask & { outputFolder: string }) => measured(predictAll(task, task.inputs, task.outputFolder)),
    profile: () => failed('the script holds no profile'),
    roofs: () =>
      measured({
        threads: 2,
        flopsPerSecond: { float32: 1e11 },
        bytesPerSecond: { DRAM: 1e10 },
        elementsPerSecond: { Exp: 1e9, Relu: 1e10 },
        reasons: {},
      }),
    ...script.more,
  } as Script)
  return { ...runner, machine }
}
