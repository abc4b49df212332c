// Which points a model and a machine allow, on scripted trials.

import { relu } from '@whyslow/graph/support/example-relu.ts'
import { loadInputs } from '@whyslow/measure/samples/saved.ts'
import { exampleBlock } from '@whyslow/measure/support/timing/example-block.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { failed, measured, scriptedRunner } from '@whyslow/measure/support/trials/example-runner.ts'
import type { LatencyInput } from '@whyslow/measure/timing/latency-block.ts'
import type { Sweep } from '@whyslow/measure/timing/types.ts'
import { modelTask } from '@whyslow/measure/trials/model-task.ts'
import { describe, expect, test } from 'vitest'
import { examplePlan } from '../../test/support/evidence/example-plan.ts'
import type { VariedPlan } from './plan.ts'
import { planSweep, type SweepChoice } from './sweep-plan.ts'
import { batchChoice, batchSweep, sizeChoices, sizeSweeps, threadChoice, threadSweep } from './sweeps.ts'

const folder = folderOfTests()

type Given = Partial<Omit<Parameters<typeof examplePlan>[0], 'run' | 'folder'>> & { readonly predictionMs?: number }

/** A prediction takes what `ms` says; null: it fails. */
function variedPlan(
  { predictionMs = 1, inputs: given = {}, ...others }: Given,
  ms: (input: LatencyInput) => number | null = () => 1,
) {
  const runner = scriptedRunner({
    latency: (input: LatencyInput) => {
      const p50Ms = ms(input)
      return p50Ms === null ? failed('refused') : measured(exampleBlock(p50Ms))
    },
  })
  const inputs = { firstLook: { loadMs: 10, predictionMs }, ...given }
  const plan = examplePlan({ run: runner.run, folder, ...others, inputs })
  const varied: VariedPlan = { ...plan, task: modelTask(plan.engineId, 'm.onnx', plan.engineOptions, plan.inputs.saved) }
  return { varied, inputs: () => runner.asked.map(({ input }) => input as LatencyInput), asked: runner.asked }
}
/** With all the time that there is. */
const planned = (varied: VariedPlan, choice: SweepChoice, rounds: number) =>
  planSweep(varied.inputs.firstLook, choice, [rounds], Number.POSITIVE_INFINITY)!
async function threads(varied: VariedPlan) {
  const choice = threadChoice(varied)
  return 'reason' in choice ? choice : threadSweep(varied, planned(varied, choice, 3))
}
async function batches(varied: VariedPlan) {
  const choice = batchChoice(varied)
  return 'reason' in choice ? choice : batchSweep(varied, planned(varied, choice, 2))
}
async function sizes(varied: VariedPlan) {
  const choices = sizeChoices(varied)
  return sizeSweeps(
    varied,
    choices,
    choices.map((choice) => planned(varied, choice, 2)),
  )
}
const sweepIn = (found: { readonly sweep: Sweep } | { readonly reason: string }) => ('sweep' in found ? found.sweep : undefined)
const at = (sweep: Sweep | undefined) => sweep?.points.map((point) => point.at)
/** Rows of the first sample. */
const shapeOf = ({ inputs }: LatencyInput) => loadInputs(inputs)[0]!.x!.shape

describe('threads', () => {
  test('are powers of two, what is usable and what is in use, the latter as it was asked for', async () => {
    const { varied, inputs } = variedPlan({ machine: { usableCpus: 6 }, inputs: { threadsInUse: 3 } })
    const sweep = sweepIn(await threads(varied))
    expect(sweep).toMatchObject({ dimension: 'threads', unit: 'threads', current: 3, fit: null })
    expect(at(sweep)).toEqual([1, 2, 3, 4, 6])
    expect(inputs().map(({ options }) => options.threads)).toEqual([
      ...[1, 2, null, 4, 6],
      ...[6, 4, null, 2, 1],
      ...[1, 2, null, 4, 6],
    ])
  })

  test('are none to compare where one CPU is usable', async () => {
    const { varied, asked } = variedPlan({ machine: { usableCpus: 1 }, inputs: { threadsInUse: 1 } })
    expect(await threads(varied)).toEqual({ reason: 'one CPU is usable' })
    expect(asked).toEqual([])
  })

  test('that cannot be measured are a reason', async () => {
    const { varied } = variedPlan({}, ({ options }) => (options.threads === null ? 1 : null))
    expect(await threads(varied)).toEqual({ reason: 'fewer than two thread counts could be measured' })
  })
})

describe('batches', () => {
  const free = { model: relu('n', 4) }

  test('are 1, 2, 4, 16 and the one in use, with synthetic inputs of their own', async () => {
    const { varied, inputs } = variedPlan({ ...free, shape: [3, 4] }, (input) => 1 + shapeOf(input)[0]!)
    const sweep = sweepIn(await batches(varied))
    expect(sweep).toMatchObject({ dimension: 'batch', unit: 'samples', current: 3 })
    expect(sweep!.points.map((point) => [point.at, point.p50Ms])).toEqual([1, 2, 3, 4, 16].map((n) => [n, 1 + n]))
    expect(sweep!.fit).toEqual({ fixedMs: expect.closeTo(1), perUnitMs: expect.closeTo(1) })
    expect(inputs().slice(0, 5).map(shapeOf)).toEqual([1, 2, 3, 4, 16].map((n) => [n, 4]))
  })

  test('that would take longer than the rest together are left out, the one in use never', async () => {
    // 400 ms a point: of 60 ms at 2, 4 take 120 and 16 would take 480.
    expect(at(sweepIn(await batches(variedPlan({ ...free, shape: [2, 4], predictionMs: 60 }).varied)))).toEqual([1, 2, 4])
    expect(at(sweepIn(await batches(variedPlan({ ...free, shape: [32, 4], predictionMs: 4000 }).varied)))).toEqual([1, 2, 32])
  })

  test('are none where all others take too long', async () => {
    expect(await batches(variedPlan({ ...free, shape: [1, 4], predictionMs: 201 }).varied)).toEqual({
      reason: 'a prediction with another batch size takes longer than 400 ms',
    })
  })

  test('are none where no batch axis is free, or the engine runs no other', async () => {
    expect(await batches(variedPlan({}).varied)).toEqual({ reason: 'no input has a free batch axis' })
    const { varied } = variedPlan(free, (input) => (shapeOf(input)[0] === 1 ? 1 : null))
    expect(await batches(varied)).toEqual({ reason: 'the engine runs no other batch size' })
  })
})

describe('sizes', () => {
  const picture = (height: number | string, width: number | string) => relu(1, 1, height, width)

  test('of a picture grow on both sides, by whole multiples, and are counted in pixels', async () => {
    const { varied, inputs } = variedPlan({ model: picture('height', 'width'), shape: [1, 1, 128, 32] })
    const [sweep, ...others] = await sizes(varied)
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
    const [sweep] = await sizes(variedPlan({ model: picture(64, 'width'), shape: [1, 1, 64, 64] }).varied)
    expect(sweep).toMatchObject({ unit: 'pixels of one side', current: 64 })
  })

  test('that are the same twice are measured once', async () => {
    // Of 32 pixels, half is one multiple as well.
    expect(await sizes(variedPlan({ model: picture('height', 'width'), shape: [1, 1, 32, 32] }).varied)).toEqual([])
    const [sweep] = await sizes(variedPlan({ model: relu(1, 'sequence_length'), shape: [1, 10] }).varied)
    expect(sweep).toMatchObject({ dimension: 'sequence', unit: 'tokens' })
    expect(at(sweep)).toEqual([5, 8, 10])
  })

  test('are none where only the batch is free', async () => {
    const { varied, asked } = variedPlan({ model: relu('n', 4) })
    expect([await sizes(varied), asked]).toEqual([[], []])
  })
})

test('a process has the time that the longest of its sweep needs', async () => {
  const { varied, asked } = variedPlan({ predictionMs: 1000, inputs: { threadsInUse: 4 }, machine: { usableCpus: 4 } })
  const choice = threadChoice(varied) as SweepChoice
  const planned = planSweep(varied.inputs.firstLook, choice, [2], 60_000)!
  await threadSweep(varied, planned)
  expect(planned.least).toEqual({ warmup: 0, samples: 3 })
  // On one thread a prediction takes four times as long, and four are made.
  const longestMs = 250 + 10 + 4 * 4000
  const input = { sampleMs: 150, brief: true, least: planned.least }
  expect(asked[0]).toMatchObject({ input, limits: { timeMs: 60_000 + 4 * longestMs } })
})
