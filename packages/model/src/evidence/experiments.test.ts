// What is tried on which model and setup, on scripted trials.
import { readFileSync } from 'node:fs'
import { fromBinary } from '@bufbuild/protobuf'
import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { exampleBlock } from '@whyslow/measure/support/timing/example-block.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { failed, measured, scriptedRunner } from '@whyslow/measure/support/trials/example-runner.ts'
import type { LatencyInput } from '@whyslow/measure/timing/latency-block.ts'
import { modelTask } from '@whyslow/measure/trials/model-task.ts'
import { ModelProtoSchema } from 'onnx-buf'
import { describe, expect, test } from 'vitest'
import { examplePlan } from '../../test/support/evidence/example-plan.ts'
import { possibleExperiments, runExperiments } from './experiments.ts'
import { planRun } from './run-plan.ts'

const folder = folderOfTests()

const changes = ({ options, modelFile }: LatencyInput): string[] => [
  ...(options.configEntries['session.set_denormal_as_zero'] === '1' ? ['denormals'] : []),
  ...(options.graphOptimization === 'all' ? ['all'] : []),
  ...(modelFile === 'm.onnx' ? [] : ['other file']),
]

/** As it is a prediction takes 10 ms; changed, what `ms` says, or nothing where it cannot be run. */
async function tried(
  given: Partial<Parameters<typeof examplePlan>[0]>,
  ms: (changed: readonly string[], input: LatencyInput) => number | null,
) {
  const runner = scriptedRunner({
    latency: (input: LatencyInput) => {
      const p50Ms = input.modelFile === 'm.onnx' && input.options === base.options ? 10 : ms(changes(input), input)
      return p50Ms === null ? failed('refused') : measured(exampleBlock(p50Ms))
    },
  })
  const plan = examplePlan({ run: runner.run, folder, ...given })
  const base = modelTask('scripted', 'm.onnx', plan.engineOptions, plan.inputs.saved)
  const possible = { nodes: 1, onDevice: false, threads: null, batch: null, sizes: [], experiments: possibleExperiments(plan) }
  const planned = planRun(plan.inputs.firstLook, { quick: false, seconds: null }, possible)
  const experiments = await runExperiments({ ...plan, task: base }, planned.experiments)
  return { experiments, processes: runner.asked.length, asked: runner.asked }
}
const ids = (experiments: readonly { readonly id: string }[]) => experiments.map(({ id }) => id)
const options = (given: Partial<typeof plainOptions>) => ({ engineOptions: { ...plainOptions, ...given } })

describe('subnormals as zero', () => {
  test('are tried on every model, in three pairs', async () => {
    const { experiments, processes, asked } = await tried({}, () => 5)
    expect(experiments).toEqual([
      {
        id: 'denormals',
        detail: 'session.set_denormal_as_zero=1',
        baseMs: 10,
        changedMs: 5,
        ratio: 0.5,
        ratioLow: 0.5,
        ratioHigh: 0.5,
        pairs: 3,
      },
    ])
    expect(processes).toBe(2 * 3)
    // Loading takes 10 ms, the first prediction 1, warming up 120, and the process 250.
    const processMs = 250 + 10 + 1 + 120 + 200
    const least = { warmup: 5, samples: 10 }
    expect(asked[0]).toMatchObject({ input: { sampleMs: 200, least }, limits: { timeMs: 60_000 + 4 * processMs } })
  })

  test('are given up after two pairs that show nothing', async () => {
    const { experiments, processes } = await tried({}, () => 9.9)
    expect(experiments).toMatchObject([{ pairs: 2, ratio: 0.99 }])
    expect(processes).toBe(2 * 2)
  })

  test('are left alone where the user has decided', async () => {
    const decided = options({ configEntries: { 'session.set_denormal_as_zero': '0' } })
    expect((await tried(decided, () => 5)).processes).toBe(0)
  })
})

test('the full optimization of the graph is tried where another was asked for, in six pairs', async () => {
  const { experiments } = await tried(options({ graphOptimization: 'basic' }), (changed) => (changed.includes('all') ? 8 : 10))
  expect(ids(experiments)).toEqual(['graph-optimization', 'denormals'])
  expect(experiments[0]).toMatchObject({ detail: 'graph optimization basic -> all', ratio: 0.8, pairs: 6 })
})

describe('weights among the inputs', () => {
  const declared = ({ irVersion = 4, external = false } = {}) => {
    const made = modelInMemory(
      model({
        nodes: [node('Add', ['x', 'w'], ['y'])],
        inputs: [valueInfo('x', 'float32', [1, 4]), valueInfo('w', 'float32', [4])],
        outputs: [valueInfo('y', 'float32', [1, 4])],
        initializers: [floatTensor('w', [4], [1, 2, 3, 4])],
        irVersion,
      }),
    )
    return external ? { ...made, weights: new Map([['w', {} as never]]) } : made
  }

  test('are taken out in a copy, which an engine must be allowed to read', async () => {
    const files: string[] = []
    const { experiments } = await tried({ model: declared() }, (changed, { modelFile }) => {
      if (changed.includes('other file')) files.push(modelFile)
      return 10
    })
    expect(ids(experiments)).toEqual(['initializers-as-inputs', 'denormals'])
    expect(experiments[0]).toMatchObject({ detail: 'weights taken out of the graph inputs', pairs: 6 })
    const copy = fromBinary(ModelProtoSchema, readFileSync(files[0]!))
    expect(copy.graph!.input.map(({ name }) => name)).toEqual(['x'])
    expect(copy.irVersion).toBe(4n)
  })

  test('stay in a model from before IR version 4, which engines take for constant', async () => {
    expect(ids((await tried({ model: declared({ irVersion: 3 }) }, () => 10)).experiments)).toEqual(['denormals'])
  })

  test('stay where they lie outside of the file', async () => {
    expect(ids((await tried({ model: declared({ external: true }) }, () => 10)).experiments)).toEqual(['denormals'])
  })
})

test('what cannot be run is left out; the others go on', async () => {
  const { experiments } = await tried(options({ graphOptimization: 'basic' }), (changed) =>
    changed.includes('denormals') ? null : 9,
  )
  expect(ids(experiments)).toEqual(['graph-optimization'])
})

describe('what stands out comes first', () => {
  const of = (given: Partial<Parameters<typeof examplePlan>[0]>) =>
    possibleExperiments(examplePlan({ run: scriptedRunner({}).run, folder, ...given }))

  test('subnormals where a weight holds them, else after it', () => {
    const { graph } = examplePlan({ run: scriptedRunner({}).run, folder })
    const withShare = (subnormalShare: number) => ({
      ...graph,
      constants: {
        w: {
          ...{ name: 'w', dtype: 'float32' as const, shape: [4], sizeBytes: 16, from: 'initializer' as const },
          isGraphInput: false,
          statistics: { min: 0, max: 1, subnormalShare, zeroShare: 0, nanCount: 0 },
        },
      },
    })
    expect(of({ graph: withShare(0.001) })).toEqual({ standingOut: ['denormals'], others: [] })
    expect(of({ graph: withShare(0.0009) })).toEqual({ standingOut: [], others: ['denormals'] })
  })
})
