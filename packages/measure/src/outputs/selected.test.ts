import type { GraphView } from '@whyslow/graph/types.ts'
import { describe, expect, test } from 'vitest'
import { graphOf, node, peakList } from '../../test/support/outputs/example-selection.ts'
import type { Results, TensorValue } from '../engines/types.ts'
import { compareOutputs } from './compare.ts'
import { lossOf, verdict } from './verdict.ts'

const floats = (shape: readonly number[], values: readonly number[]): TensorValue => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(values),
})
const int64 = (shape: readonly number[], values: readonly number[]): TensorValue => ({
  dtype: 'int64',
  shape,
  data: BigInt64Array.from(values, BigInt),
})

/** A map's scores by place; the list of the best, the first of equal ones first. */
interface Peak {
  readonly at: number
  readonly score: number
}
const WIDTH = 16

/** Outputs of `peakList`: what a map of lines says at place p is 100.5 + p. */
function listed(peaks: readonly Peak[], outputs: readonly string[], count = peaks.length): Results {
  const best = [...peaks].sort((a, b) => b.score - a.score).slice(0, count)
  const n = best.length
  const all: Results = {
    scores: floats(
      [1, n],
      best.map(({ score }) => score),
    ),
    index: int64(
      [1, n],
      best.map(({ at }) => at),
    ),
    points: floats(
      [1, n, 2],
      best.flatMap(({ at }) => [Math.floor(at / WIDTH), at % WIDTH]),
    ),
    lines: floats(
      [1, n, 1],
      best.map(({ at }) => 100.5 + at),
    ),
  }
  return Object.fromEntries(outputs.map((name) => [name, all[name]!]))
}

const ramp = (scoreOf: (k: number) => number): Peak[] => Array.from({ length: 20 }, (_, k) => ({ at: 12 * k, score: scoreOf(k) }))
const compare = (before: Results, after: Results, graph: GraphView) => compareOutputs([before], [after], { graph })

describe.each([[['scores', 'index', 'lines']], [['scores', 'points']], [['index', 'scores']]])(
  'a list of peaks, %s',
  (outputs) => {
    const graph = peakList(10, WIDTH, outputs)
    const original = ramp((k) => 1 - k / 20)
    const against = (peaks: readonly Peak[]) => compare(listed(original, outputs, 10), listed(peaks, outputs, 10), graph)

    test('rows that change places with what they were tied with are the same, also for what is exact', () => {
      // Rows 3 and 4 are 1e-5 apart and swap.
      const close = ramp((k) => (k === 4 ? 1 - 3 / 20 - 1e-5 : 1 - k / 20))
      const swapped = close.map((peak, k) => (k === 4 ? { ...peak, score: 1 - 3 / 20 + 1e-5 } : peak))
      const agreement = compare(listed(close, outputs, 10), listed(swapped, outputs, 10), graph)
      expect(verdict(agreement, 'rounding', null)).toMatchObject({ ok: true })
      expect(lossOf(agreement).loss).toBe(0)
    })

    test('rows that take scores which are not theirs are not', () => {
      // The list is as long and its scores are the same, but 0 and 8 have swapped them.
      const agreement = against(original.map((peak, k) => (k === 0 || k === 8 ? { ...peak, at: original[8 - k]!.at } : peak)))
      expect(verdict(agreement, 'rounding', null).ok).toBe(false)
    })

    test('another row that is selected counts', () => {
      // 15 comes to 0.9 and displaces the last. It stands 0.3 above the cut-off of 0.6; all ten of the new list together 2.1.
      const agreement = against(original.map((peak, k) => (k === 15 ? { ...peak, score: 0.9 } : peak)))
      expect(lossOf(agreement)).toMatchObject({ of: 'selected rows the same, by score', loss: expect.closeTo(0.3 / 2.1, 5) })
      expect(verdict(agreement, 'rounding', null)).toEqual({
        ok: false,
        reason: expect.stringMatching(/selects other rows: 10 % of them|differs by/),
      })
    })

    test('rows at the cut-off are a tie as far as scores are seen to move', () => {
      // Scores of all move by 0.03, up and down; the last of ten and the eleventh are 0.05 apart and swap.
      const noisy = original.map(({ at, score }, k) => ({ at, score: score + (k % 2 === 0 ? 0.03 : -0.03) }))
      const agreement = against(noisy)
      expect(agreement.selections).toMatchObject([{ by: 'TopK', rows: 10, same: 0.9, alike: 1 }])
      expect(verdict(agreement, 'rounding', null).ok).toBe(false)
      expect(verdict(agreement, 'approximate', { metric: 0.01, top1: 0.01, cosine: 0.005 })).toMatchObject({
        ok: true,
        reason: expect.stringMatching(/^selected rows the same, by score 1, cosine of the worst output 0\.99/),
      })
    })
  },
)

test('what is gathered is compared row against row', () => {
  const outputs = ['scores', 'index', 'lines']
  const graph = peakList(10, WIDTH, outputs)
  const before = listed(
    ramp((k) => 1 - k / 20),
    outputs,
    10,
  )
  // In the order 1, 0, 2, 3 …, and the row of place 0 is off by 2.
  const after = listed(
    ramp((k) => (k === 0 ? 0.949 : 1 - k / 20)),
    outputs,
    10,
  )
  ;(after.lines!.data as Float32Array)[1]! += 2
  const lines = compare(before, after, graph).outputs.find(({ name }) => name === 'lines')!
  expect(lines).toMatchObject({ meaning: 'selection', maxAbs: 2, equalShare: 0.9, top1: 1, sameRows: 1 })
})

test('a peak that moves to the next place is the same line, a little off', () => {
  const outputs = ['points', 'scores']
  const graph = peakList(10, WIDTH, outputs)
  // A map 16 wide knows places up to 15; they may move by a twentieth.
  const wide = (peaks: readonly Peak[]): Results => ({
    points: floats(
      [1, 10, 2],
      peaks.slice(0, 10).flatMap(({ at }) => [at, 7]),
    ),
    scores: listed(peaks, outputs, 10).scores!,
  })
  const original = ramp((k) => 1 - k / 20)
  const moved = compare(wide(original), wide(original.map((peak, k) => (k === 2 ? { ...peak, at: peak.at + 1 } : peak))), graph)
  expect(moved.outputs[0]).toMatchObject({ maxAbs: 1, top1: 1 })
  expect(moved.cosine).toBeGreaterThan(0.999)
  expect(verdict(moved, 'rounding', null).ok).toBe(false)
  const gone = compare(wide(original), wide(original.map((peak, k) => (k === 2 ? { ...peak, at: peak.at + 7 } : peak))), graph)
  // It stood 0.35 above the last, all ten together 2.25.
  expect(gone.top1).toBeCloseTo(1 - 0.35 / 2.25, 5)
})

test('rows that carry their own score, and a class that is a name', () => {
  const nodes = [node('TopK', ['a', 'k'], ['best', 'index']), node('GatherElements', ['rows', 'index'], ['detections'])]
  const graph = graphOf(nodes, ['detections'], { k: [3] })
  const rows = (...values: readonly number[]): Results => ({ detections: floats([1, 3, 3], values) })
  // x, score, class. The order of the last two changes, and their numbers drift.
  const original = rows(10.5, 0.9, 1, 20.25, 0.5, 2, 30.75, 0.49, 40)
  const drifted = compare(original, rows(10.4, 0.89, 1, 30.7, 0.5, 40, 20.3, 0.49, 2), graph)
  expect(drifted).toMatchObject({ top1: 1, maxAbs: expect.closeTo(0.1, 5) })
  // Class 3 is not class 2, however near: one row of three.
  expect(compare(original, rows(10.5, 0.9, 1, 20.25, 0.5, 3, 30.75, 0.49, 40), graph).selections![0]!.same).toBeCloseTo(2 / 3, 9)
})

test('padded and thresholded lists stay what they are', () => {
  const outputs = ['scores', 'index']
  const graph = peakList(6, WIDTH, outputs)
  const list = (scores: readonly number[], index: readonly number[]): Results => ({
    scores: floats([1, 6], scores),
    index: int64([1, 6], index),
  })
  const original = list([0.9, 0.8, 0.7, 0, 0, 0], [5, 9, 40, -1, -1, -1])
  expect(compare(original, list([0.9, 0.8, 0.7, 0, 0, 0], [5, 9, 40, -1, -1, -1]), graph).equal).toBe(true)
  // A fourth comes in, clearly: 0.6 of 3.
  expect(compare(original, list([0.9, 0.8, 0.7, 0.6, 0, 0], [5, 9, 40, 77, -1, -1]), graph).top1).toBeCloseTo(0.8, 5)
  // Which of the places without any score end the list says nothing.
  const other = compare(list([0.9, 0.8, 0, 0, 0, 0], [5, 9, 0, 1, 2, 3]), list([0.9, 0.8, 0, 0, 0, 0], [5, 9, 7, 8, 1, 3]), graph)
  expect(verdict(other, 'exact', null).ok).toBe(true)
})

describe('NonMaxSuppression', () => {
  const nodes = [
    node('NonMaxSuppression', ['boxes', 'classScores', 'most', 'iou', 'least'], ['picked']),
    node('GatherND', ['classScores', 'picked'], ['scores']),
  ]
  const graph = graphOf(nodes, ['picked', 'scores'], { least: [0.25] })
  const found = (...rows: readonly (readonly [box: number, score: number])[]): Results => ({
    picked: int64(
      [rows.length, 3],
      rows.flatMap(([box]) => [0, 0, box]),
    ),
    scores: floats(
      [rows.length],
      rows.map(([, score]) => score),
    ),
  })

  test('lists of different lengths differ by the rows that are not in both', () => {
    const agreement = compare(found([3, 0.9], [7, 0.8], [9, 0.4]), found([3, 0.9], [7, 0.8]), graph)
    expect(agreement.mismatch).toBeNull()
    // Above the threshold of 0.25 they stand 0.65, 0.55 and 0.15.
    const [alike, same] = [expect.closeTo(1.2 / 1.35, 5), expect.closeTo(2 / 3, 9)]
    expect(agreement.selections![0]).toMatchObject({ rows: 3, same, alike })
  })

  test('a row that stood on the threshold is a tie', () => {
    const agreement = compare(found([3, 0.9], [9, 0.25001]), found([3, 0.9]), graph)
    expect(verdict(agreement, 'rounding', null)).toMatchObject({ ok: true })
  })

  test('without the graph they are a mismatch, as before', () => {
    expect(compareOutputs([found([3, 0.9], [7, 0.8])], [found([3, 0.9])]).mismatch).toMatch(/is \[1,3\] where it was \[2,3\]/)
  })
})

describe('ArgMax', () => {
  const graph = graphOf(
    [node('Softmax', ['logits'], ['p']), node('ArgMax', ['p'], ['classes'], { axis: 1, keepdims: 0 })],
    ['classes', 'logits'],
  )
  const image = (logits: readonly number[], classes: readonly number[]): Results => ({
    // Two classes of two places: class by class.
    logits: floats([1, 2, 2], logits),
    classes: int64([1, 2], classes),
  })
  const original = image([3, 2, 1, 1.99999], [0, 0])

  test('a class map is decisions, and a tie in what it is of is a tie', () => {
    const tied = compare(original, image([3, 2, 1, 2.00001], [0, 1]), graph)
    expect(tied.outputs.find(({ name }) => name === 'classes')).toMatchObject({ meaning: 'label', equalShare: 0.5, top1: 1 })
    const flipped = compare(original, image([3, 2, 1, 1.99999], [1, 0]), graph)
    expect(flipped).toMatchObject({ top1: 0.5 })
    expect(lossOf(flipped)).toMatchObject({ of: 'top-1 agreement', loss: 0.5 })
  })
})
