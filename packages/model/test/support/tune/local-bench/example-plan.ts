// A bench of this machine whose trials follow a script: y = 2 x on rows of two numbers.
import fs from 'node:fs'
import path from 'node:path'
import { floatTensor, model, modelInMemory, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { EngineOptions, Feeds } from '@whyslow/measure/engines/types.ts'
import { loadInputs, saveInputs } from '@whyslow/measure/samples/saved.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { measured, type Script, type ScriptedRunner, scriptedRunner } from '@whyslow/measure/support/trials/example-runner.ts'
import type { LatencyOutput } from '@whyslow/measure/timing/latency-block.ts'
import type { ModelTask } from '@whyslow/measure/trials/model-task.ts'
import type { RemedySetup } from '../../../../src/remedies/kit/remedy.ts'
import type { LocalBenchPlan } from '../../../../src/tune/local-bench/plan.ts'

const row = (name: string) => valueInfo(name, 'float32', ['n', 2])

export const exampleModel = (factor: number): Model =>
  modelInMemory(
    model({
      nodes: [node('Mul', ['x', 'f'], ['y'])],
      inputs: [row('x')],
      outputs: [row('y')],
      initializers: [floatTensor('f', [1], [factor])],
    }),
  )

export const floats = (name: string, values: readonly number[]): Feeds => ({
  [name]: { dtype: 'float32', shape: [values.length / 2, 2], data: Float32Array.from(values) },
})

export const block = (rest: Partial<LatencyOutput> = {}): LatencyOutput =>
  ({
    p50Ms: 4,
    loadMs: 30,
    firstMs: 6,
    wallMs: 100,
    waitedMs: 0,
    stolenCpuMs: 0,
    throttledCpuMs: 0,
    handoffBeforeNs: 120,
    predictPeakBytes: 5000,
    ...rest,
  }) as LatencyOutput

/** What comes out of the task's model for the inputs that it names, kept as the task asks. */
export const predicting =
  (outputs: (x: readonly number[], task: ModelTask) => Feeds, varying: readonly string[] = []): Script[string] =>
  (task: ModelTask & { readonly outputFolder: string }) => {
    const results = loadInputs(task.inputs).map(({ x }) => outputs([...(x!.data as Float32Array)], task))
    return measured({ saved: saveInputs(task.outputFolder, results), varying })
  }

export interface Example {
  readonly plan: LocalBenchPlan
  readonly trials: ScriptedRunner
  /** The original with other options. */
  setup(options?: Partial<EngineOptions>, rest?: Partial<RemedySetup>): RemedySetup
}

export function examplePlan(tests: string, script: Script, rest: Partial<LocalBenchPlan> = {}): Example {
  const folder = fs.mkdtempSync(path.join(tests, 'bench-'))
  const trials = scriptedRunner(script)
  const write: LocalBenchPlan['write'] = async ({ proto }, at) => {
    fs.mkdirSync(at)
    const file = path.join(at, 'model.onnx')
    const bytes = writeModel(proto)
    fs.writeFileSync(file, bytes)
    return { file, sizeBytes: bytes.length }
  }
  const file = path.join(folder, 'original.onnx')
  const given = exampleModel(2)
  const bytes = writeModel(given.proto)
  fs.writeFileSync(file, bytes)
  const original = { ...given, source: { ...given.source, file, sizeBytes: bytes.length } }
  const samples = [floats('x', [1, 2]), floats('x', [3, 4])]
  const saved = saveInputs(path.join(folder, 'inputs'), samples)
  const judged = { saved, samples, labels: null }
  const facts = [{ name: 'x', dtype: 'float32' as const, shape: [1, 2], freeAxes: [{ axis: 0, symbol: 'n' }] }]
  const plan: LocalBenchPlan = {
    run: trials.run,
    goal: 'latency',
    engineId: 'ort-cpu',
    original,
    originalOptions: plainOptions,
    inputs: { saved, samples, facts },
    judged,
    proof: judged,
    compare: { metric: null },
    outputs: null,
    maxLoss: null,
    threadsInUse: 2,
    cpus: { usableCpus: 4, onlineCpus: 4 },
    p50Ms: 4,
    limits: { memoryBytes: 1e9, signal: undefined },
    folder,
    write,
    readExecuted: () => Promise.reject(new Error('nothing was written')),
    readModel: () => Promise.reject(new Error('nothing was written')),
    ...rest,
  }
  const setup: Example['setup'] = (options = {}, others = {}) => ({
    model: original,
    options: { ...plainOptions, ...options },
    batchFactor: 1,
    machineBound: false,
    ...others,
  })
  return { plan, trials, setup }
}
