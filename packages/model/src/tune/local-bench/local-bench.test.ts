// The bench as a whole: what the engine makes of a setup, and ranges of values.

import type { GraphView } from '@whyslow/graph/types.ts'
import type { OptimizeInput } from '@whyslow/measure/optimize-task.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { failed, measured } from '@whyslow/measure/support/trials/example-runner.ts'
import { expect, test } from 'vitest'
import { exampleModel, examplePlan } from '../../../test/support/tune/local-bench/example-plan.ts'
import type { CalibrateInput, CalibrateOutput } from '../../quantize/calibrate/task.ts'
import { localBench } from './index.ts'

const folder = folderOfTests()
const graph: GraphView = { name: 'as run', nodes: [], inputs: [], outputs: [], constants: {}, types: {} }

test('the graph as the engine runs it, with the options of the setup', async () => {
  const read: string[] = []
  const { plan, setup, trials } = examplePlan(
    folder,
    { optimize: () => measured(null) },
    {
      readExecuted: async (file) => {
        read.push(file)
        return graph
      },
    },
  )
  const bench = localBench(plan)
  expect(await bench.executed(setup({ threads: 2 }))).toBe(graph)
  const [asked] = trials.asked.map(({ input }) => input as OptimizeInput)
  expect(asked).toMatchObject({ options: { threads: 2, graphOptimization: 'all' }, optimizedModelPath: read[0] })
})

test('a graph that cannot be had is not known', async () => {
  const refused = examplePlan(folder, { optimize: () => failed('no') })
  expect(await localBench(refused.plan).executed(refused.setup())).toBeNull()
  // The default of the example throws when it is to read one.
  const unreadable = examplePlan(folder, { optimize: () => measured(null) })
  expect(await localBench(unreadable.plan).executed(unreadable.setup())).toBeNull()
})

test('optimized at a level: the model that the engine wrote, or its reason', async () => {
  const model = exampleModel(5)
  const { plan, setup, trials } = examplePlan(folder, { optimize: () => measured(null) }, { readModel: async () => model })
  expect(await localBench(plan).optimize(setup(), 'basic')).toBe(model)
  expect(trials.asked[0]!.input).toMatchObject({ options: { graphOptimization: 'basic' } })
  const refused = examplePlan(folder, { optimize: () => failed('no such operator') })
  await expect(localBench(refused.plan).optimize(refused.setup(), 'all')).rejects.toThrow('no such operator')
})

test('weights beside the model are written beside the graph, too', async () => {
  const { plan, setup, trials } = examplePlan(folder, { optimize: () => measured(null) })
  const weights = new Map([['w.bin', { sizeBytes: 0, read: () => new Uint8Array() }]])
  await localBench(plan).executed(setup({ configEntries: { own: '1' } }, { model: { ...plan.original, weights } }))
  const { configEntries } = (trials.asked[0]!.input as OptimizeInput).options
  expect(Object.keys(configEntries)).toEqual([expect.any(String), expect.any(String), 'own'])
})

test('ranges of values on all judged samples, without those that hold NaN', async () => {
  const { plan, setup, trials } = examplePlan(folder, {
    calibrate: ({ minMax }: CalibrateInput) => {
      const [y] = minMax.flatMap(({ values }) => values)
      const ranges = { minmax: { [y!]: { low: 2, high: 8 }, x: { low: Number.NaN, high: 1 } } }
      return measured<CalibrateOutput>({ ranges, means: {}, peaks: {}, peakBytes: 0 })
    },
  })
  expect(await localBench(plan).ranges(setup({ threads: 2 }), ['y', 'x'])).toEqual(new Map([['y', { low: 2, high: 8 }]]))
  expect(trials.asked[0]!.input).toMatchObject({
    inputs: plan.judged.saved,
    samples: 2,
    methods: ['minmax'],
    options: { threads: 2 },
  })
  const refused = examplePlan(folder, {})
  await expect(localBench(refused.plan).ranges(refused.setup(), ['y'])).rejects.toThrow(
    'ranges of values could not be measured: the script holds no calibrate',
  )
})
