import { InputError } from '@whyslow/graph/input-error.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { failed, measured, type Script } from '@whyslow/measure/support/trials/example-runner.ts'
import type { LatencyInput } from '@whyslow/measure/timing/latency-block.ts'
import { describe, expect, test } from 'vitest'
import { block, exampleModel, examplePlan } from '../../../test/support/tune/local-bench/example-plan.ts'
import type { LocalBenchPlan } from './plan.ts'
import { readings } from './readings.ts'
import { setupTasks } from './setup-tasks.ts'

const folder = folderOfTests()

function bench(script: Script, rest: Partial<LocalBenchPlan> = {}) {
  const example = examplePlan(folder, script, rest)
  const inputs = () => example.trials.asked.map(({ input }) => input as LatencyInput)
  return { ...example, ...readings(example.plan, setupTasks(example.plan)), inputs }
}

describe('the score is what the goal is about', () => {
  // 4 ms a prediction, 30 to load, 6 for the first one, 5000 bytes.
  test.each([
    ['latency', 4],
    ['throughput', 2],
    ['memory', 5000],
  ] as const)('%s', async (goal, score) => {
    const { measure, setup } = bench({ latency: () => measured(block()) }, { goal })
    expect(await measure(setup({}, { batchFactor: 2 }))).toMatchObject({ outcome: 'measured', value: { score, p50Ms: 4 } })
  })

  test('size, of what was written for the reading', async () => {
    const { measure, setup, plan } = bench({ latency: () => measured(block()) }, { goal: 'size' })
    const reading = await measure(setup({}, { model: exampleModel(3) }))
    expect(reading).toMatchObject({ value: { score: plan.original.source.sizeBytes } })
  })

  test('what the system does not tell is a failure, not a number', async () => {
    const { measure, setup } = bench({ latency: () => measured(block({ predictPeakBytes: null })) }, { goal: 'memory' })
    expect(await measure(setup())).toEqual({ outcome: 'failed', reason: 'this system does not report what memory needs' })
  })
})

test.each(['latency', 'load-time'] as const)(
  'a model that cannot be written for its engine is a failure, for %s',
  async (goal) => {
    const write = () => Promise.reject(new InputError('the node n cannot be written'))
    const { measure, setup, trials } = bench({}, { goal, write })
    const engine = { id: 'other', version: '1', format: 'tflite' as const }
    expect(await measure(setup({}, { engine }))).toEqual({ outcome: 'failed', reason: 'the node n cannot be written' })
    expect(trials.asked).toEqual([])
  },
)

test('the share that others took: each divided by what it is summed over', async () => {
  const script = { latency: () => measured(block({ waitedMs: 20, stolenCpuMs: 16, throttledCpuMs: 6, wallMs: 100 })) }
  const share = async (threads: number | null) => {
    const { measure, setup } = bench(script)
    const reading = await measure(setup({ threads }))
    return reading.outcome === 'measured' ? reading.value.disturbedShare : null
  }
  // 20 ms of one thread's waits, 16 of steal on four CPUs, 6 of stops on the one CPU in use.
  expect(await share(1)).toBeCloseTo(0.2 + 0.04 + 0.06, 9)
  // The engine's own two threads.
  expect(await share(null)).toBeCloseTo(0.1 + 0.04 + 0.03, 9)
})

describe('how long is sampled', () => {
  test.each([
    [1, 120],
    [8, 200],
    [100, 250],
  ])('a prediction of %d ms: %d ms', async (p50Ms, sampleMs) => {
    const { measure, setup, inputs } = bench({ latency: () => measured(block()) }, { p50Ms })
    await measure(setup())
    expect(inputs()[0]).toMatchObject({ sampleMs, few: true })
  })

  test('three times as long for the last proof, with more samples, and longer for a batch', async () => {
    const { measure, setup, inputs } = bench({ latency: () => measured(block()) })
    await measure(setup(), 'thorough')
    await measure(setup({}, { batchFactor: 2 }))
    await measure(setup({}, { batchFactor: 16 }))
    expect(inputs().map(({ sampleMs, few }) => [sampleMs, few])).toEqual([
      [360, false],
      [240, true],
      [480, true],
    ])
  })

  test('a setup on one thread hands nothing over', async () => {
    const { measure, setup, inputs } = bench({ latency: () => measured(block()) })
    await measure(setup({ threads: 1 }))
    await measure(setup({ threads: null }))
    expect(inputs().map(({ brief, process }) => [brief, process])).toEqual([
      [true, 0],
      [false, 1],
    ])
  })
})

test('the last proof of a time has inputs in arrays of either kind, the search in kept ones', async () => {
  const ship = async () => ({ folder: '/at/fast', takesTensors: true, env: {} })
  const asked = async (rest: Partial<LocalBenchPlan>) => {
    const { measure, setup, inputs } = bench({ latency: () => measured(block({ byArrays: { kept: 3, anew: 5 } })) }, rest)
    await measure(setup())
    await measure(setup(), 'thorough')
    const reading = await measure(setup({ reuseOutputs: true }), 'shipped')
    expect(reading).toMatchObject({ value: { byArrays: { kept: 3, anew: 5 } } })
    return inputs().map(({ newArrays }) => newArrays)
  }
  expect(await asked({ ship })).toEqual([undefined, true, true])
  // A plain session that writes into kept outputs makes them for each array.
  expect(await asked({})).toEqual([undefined, true, undefined])
  expect(await asked({ ship, goal: 'memory' })).toEqual([undefined, undefined, undefined])
})

test('arrays of either kind are scored as the whole is: by sample, where that is the goal', async () => {
  const script = { latency: () => measured(block({ p50Ms: 4, byArrays: { kept: 3, anew: 5 } })) }
  const { measure, setup } = bench(script, { goal: 'throughput' })
  expect(await measure(setup({}, { batchFactor: 2 }), 'thorough')).toMatchObject({
    value: { score: 2, byArrays: { kept: 1.5, anew: 2.5 } },
  })
})

test('the last proof reads the folder that would be shipped, as long as the original', async () => {
  const ship = async (_: unknown, at: string) => ({ folder: at, takesTensors: true, env: {} })
  const { measure, setup, inputs, trials } = bench({ latency: () => measured(block()), start: () => failed('no') }, { ship })
  await measure(setup(), 'thorough')
  await measure(setup(), 'shipped')
  expect(inputs().map(({ shipped, sampleMs }) => [shipped?.takesTensors, sampleMs])).toEqual([
    [undefined, 360],
    [true, 360],
  ])
  expect(trials.asked).toHaveLength(2)
})

test('a trial that measured nothing is handed on', async () => {
  const { measure, predictMs, setup } = bench({ latency: () => failed('no such kernel') })
  expect(await measure(setup())).toEqual({ outcome: 'failed', reason: 'no such kernel' })
  expect(await predictMs(setup())).toEqual({ outcome: 'failed', reason: 'no such kernel' })
})

describe('starts', () => {
  const starting = (times: readonly number[]): Script => ({
    start: (_, call) => measured({ importMs: 1, loadMs: 1, firstMs: 1, totalMs: times[call]! }),
  })

  test('the first of a file does not count; the others give their median', async () => {
    const { measure, setup, trials } = bench(starting([900, 40, 50, 60, 70]), { goal: 'load-time' })
    expect(await measure(setup())).toMatchObject({ value: { score: 45, p50Ms: null, handoffNs: null } })
    // The file was started before: these two count.
    expect(await measure(setup({ threads: 2 }))).toMatchObject({ value: { score: 65 } })
    expect(trials.tasks()).toHaveLength(5)
  })

  test('five for the last proof, or fewer where they are long', async () => {
    const times = [9, 1, 2, 3, 4, 5, 300, 210, 300, 190, 300]
    const { measure, setup, trials } = bench(starting(times), { goal: 'load-time' })
    expect(await measure(setup(), 'thorough')).toMatchObject({ value: { score: 3 } })
    // 300 and 210: half a second is counted.
    expect(await measure(setup(), 'thorough')).toMatchObject({ value: { score: 255 } })
    expect(trials.tasks()).toHaveLength(8)
    // 300 and 190: 10 ms less than half a second.
    expect(await measure(setup(), 'thorough')).toMatchObject({ value: { score: 300 } })
    expect(trials.tasks()).toHaveLength(11)
  })

  test('predictions are timed beside them', async () => {
    const { predictMs, setup } = bench({ latency: () => measured(block()) }, { goal: 'load-time' })
    expect(await predictMs(setup())).toEqual({ outcome: 'measured', value: 4 })
  })

  test('one that fails ends the reading', async () => {
    const { measure, setup, trials } = bench({ start: () => failed('no') }, { goal: 'load-time' })
    expect(await measure(setup())).toEqual({ outcome: 'failed', reason: 'no' })
    expect(trials.tasks()).toHaveLength(1)
  })
})
