// Which points a model and a machine allow, on scripted trials.
import { describe, expect, test } from 'vitest'
import { loadInputs } from '../measure/samples/saved.ts'
import { exampleBlock } from '../measure/timing/example-block.ts'
import type { LatencyInput } from '../measure/timing/latency-block.ts'
import type { Sweep } from '../measure/timing/types.ts'
import { folderOfTests } from '../trials/example-folder.ts'
import { failed, measured, scriptedRunner } from '../trials/example-runner.ts'
import { modelTask } from '../trials/model-task.ts'
import { examplePlan, relu } from './example-plan.ts'
import type { TimedPlan } from './plan.ts'
import { batchSweep, sizeSweeps, threadSweep } from './sweeps.ts'

const folder = folderOfTests()

type Given = Partial<Omit<Parameters<typeof examplePlan>[0], 'run' | 'folder'>> & { readonly p50Ms?: number }

/** A prediction takes what `ms` says; null: it fails. */
function timedPlan({ p50Ms = 1, ...given }: Given, ms: (input: LatencyInput) => number | null = () => 1) {
  const runner = scriptedRunner({
    latency: (input: LatencyInput) => {
      const p50Ms = ms(input)
      return p50Ms === null ? failed('refused') : measured(exampleBlock(p50Ms))
    },
  })
  const plan = examplePlan({ run: runner.run, folder, ...given })
  const timed: TimedPlan = { ...plan, task: modelTask(plan.engineId, 'm.onnx', plan.engineOptions, plan.inputs.saved), p50Ms }
  return { timed, inputs: () => runner.asked.map(({ input }) => input as LatencyInput), asked: runner.asked }
}
const at = (sweep: Sweep | undefined) => sweep?.points.map((point) => point.at)
/** Rows of the first sample. */
const shapeOf = ({ inputs }: LatencyInput) => loadInputs(inputs)[0]!.x!.shape

describe('threads', () => {
  test('are powers of two, what is usable and what is in use, the latter as it was asked for', async () => {
    const { timed, inputs } = timedPlan({ machine: { usableCpus: 6 }, inputs: { threadsInUse: 3 } })
    const { sweep } = await threadSweep(timed)
    expect(sweep).toMatchObject({ dimension: 'threads', unit: 'threads', current: 3, fit: null })
    expect(at(sweep)).toEqual([1, 2, 3, 4, 6])
    expect(inputs().map(({ options }) => options.threads)).toEqual([
      ...[1, 2, null, 4, 6],
      ...[6, 4, null, 2, 1],
      ...[1, 2, null, 4, 6],
    ])
  })

  test('are none to compare where one CPU is usable', async () => {
    const { timed, asked } = timedPlan({ machine: { usableCpus: 1 }, inputs: { threadsInUse: 1 } })
    expect(await threadSweep(timed)).toEqual({ reason: 'one CPU is usable' })
    expect(asked).toEqual([])
  })

  test('that cannot be measured are a reason', async () => {
    const { timed } = timedPlan({}, ({ options }) => (options.threads === null ? 1 : null))
    expect(await threadSweep(timed)).toEqual({ reason: 'fewer than two thread counts could be measured' })
  })
})

describe('batches', () => {
  const free = { model: relu('n', 4) }

  test('are 1, 2, 4, 16 and the one in use, with synthetic inputs of their own', async () => {
    const { timed, inputs } = timedPlan({ ...free, shape: [3, 4] }, (input) => 1 + shapeOf(input)[0]!)
    const { sweep } = await batchSweep(timed)
    expect(sweep).toMatchObject({ dimension: 'batch', unit: 'samples', current: 3 })
    expect(sweep!.points.map((point) => [point.at, point.p50Ms])).toEqual([1, 2, 3, 4, 16].map((n) => [n, 1 + n]))
    expect(sweep!.fit).toEqual({ fixedMs: expect.closeTo(1), perUnitMs: expect.closeTo(1) })
    expect(inputs().slice(0, 5).map(shapeOf)).toEqual([1, 2, 3, 4, 16].map((n) => [n, 4]))
  })

  test('that would take longer than the rest together are left out, the one in use never', async () => {
    // 400 ms a point: of 60 ms at 2, 4 take 120 and 16 would take 480.
    expect(at((await batchSweep(timedPlan({ ...free, shape: [2, 4], p50Ms: 60 }).timed)).sweep)).toEqual([1, 2, 4])
    expect(at((await batchSweep(timedPlan({ ...free, shape: [32, 4], p50Ms: 4000 }).timed)).sweep)).toEqual([1, 2, 32])
  })

  test('are none where no batch axis is free, or the engine runs no other', async () => {
    expect(await batchSweep(timedPlan({}).timed)).toEqual({ reason: 'no input has a free batch axis' })
    const { timed } = timedPlan(free, (input) => (shapeOf(input)[0] === 1 ? 1 : null))
    expect(await batchSweep(timed)).toEqual({ reason: 'the engine runs no other batch size' })
  })
})

describe('sizes', () => {
  const picture = (height: number | string, width: number | string) => relu(1, 1, height, width)

  test('of a picture grow on both sides, by whole multiples, and are counted in pixels', async () => {
    const { timed, inputs } = timedPlan({ model: picture('height', 'width'), shape: [1, 1, 128, 32] })
    const [sweep, ...others] = await sizeSweeps(timed)
    expect(others).toEqual([])
    expect(sweep).toMatchObject({ dimension: 'resolution', unit: 'pixels', current: 128 * 32 })
    // Half, three quarters and all of it; below 32 is no multiple of 32.
    expect(at(sweep)).toEqual([64 * 32, 96 * 32, 128 * 32])
    expect(inputs().slice(0, 3).map(shapeOf)).toEqual([
      [1, 1, 64, 32],
      [1, 1, 96, 32],
      [1, 1, 128, 32],
    ])
  })

  test('of one free side are told as such', async () => {
    const [sweep] = await sizeSweeps(timedPlan({ model: picture(64, 'width'), shape: [1, 1, 64, 64] }).timed)
    expect(sweep).toMatchObject({ unit: 'pixels of one side', current: 64 })
  })

  test('that are the same twice are measured once', async () => {
    // Of 32 pixels, half is one multiple as well.
    expect(await sizeSweeps(timedPlan({ model: picture('height', 'width'), shape: [1, 1, 32, 32] }).timed)).toEqual([])
    const [sweep] = await sizeSweeps(timedPlan({ model: relu(1, 'sequence_length'), shape: [1, 10] }).timed)
    expect(sweep).toMatchObject({ dimension: 'sequence', unit: 'tokens' })
    expect(at(sweep)).toEqual([5, 8, 10])
  })

  test('are none where only the batch is free', async () => {
    const { timed, asked } = timedPlan({ model: relu('n', 4) })
    expect([await sizeSweeps(timed), asked]).toEqual([[], []])
  })
})

test('a point has the time that its sampling and some slow predictions need', async () => {
  const { timed, asked } = timedPlan({ p50Ms: 10 })
  await threadSweep(timed)
  expect(asked[0]).toMatchObject({ input: { sampleMs: 150, brief: true }, limits: { timeMs: 60_000 + 4 * 150 + 60 * 10 } })
})
