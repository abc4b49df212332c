import { expect, test } from 'vitest'
import { exampleForest, exampleTabular, type Sketch } from '../../test/support/forest/example-forest.ts'
import { plainSum } from './assemble.ts'
import { firstTrees } from './first-trees.ts'
import type { TabularModel } from './types.ts'

const stump = (feature: number, yes: number, no: number): Sketch => ({ feature, threshold: 0, yes, no })
const LOGISTIC: Partial<TabularModel> = {
  transform: [{ kind: 'logistic', precision: 'float64', slope: 1 }],
  label: { classes: [0, 1], from: 'prediction', by: 'above', cut: 0.5 },
}
/** Features are signs by the row's bits: all sixteen, ten times. */
const rows = Array.from({ length: 160 }, (_, r) => [1, 2, 4, 8].map((bit) => ((r & bit) === 0 ? -1 : 1))).flat()
const bit = (r: number, k: number): number => (r >> k) & 1

test('the AUC of the first tree is as good as of both, where the second says nothing of the labels', () => {
  const model = { ...exampleTabular(exampleForest([stump(0, -1, 1), stump(1, -0.1, 0.1)])), ...LOGISTIC }
  const labels = Float64Array.from({ length: 160 }, (_, r) => bit(r, 0))
  expect(firstTrees(model, rows, labels)).toEqual({
    metric: 'AUC',
    rows: 160,
    treeCount: 2,
    points: [
      { trees: 1, metric: 1, lossError: 0 },
      { trees: 2, metric: 1, lossError: 0 },
    ],
  })
})

test('what a tree is worth is seen, with its error', () => {
  const model = { ...exampleTabular(exampleForest([stump(0, -1, 1), stump(1, -2, 2)])), ...LOGISTIC }
  const labels = Float64Array.from({ length: 160 }, (_, r) => bit(r, 1))
  // The first tree alone says nothing; with the second rows are in order.
  const { points } = firstTrees(model, rows, labels)!
  expect(points.map(({ metric }) => metric)).toEqual([0.5, 1])
  expect(points[0]!.lossError).toBeGreaterThan(0.01)
  expect(points[0]!.lossError).toBeLessThan(0.1)
})

test('a mean is one of the trees that are there', () => {
  // Each tree gives 2 or 4; the mean of two is the mean of one where both say the same.
  const sum = plainSum('float32', 1, { divideBy: 2 })
  const model = exampleTabular(exampleForest([stump(0, 2, 4), stump(0, 2, 4)], { sum }))
  const labels = Float64Array.from({ length: 160 }, (_, r) => (bit(r, 0) === 0 ? 2 : 4))
  const { metric, points } = firstTrees(model, rows, labels)!
  expect(metric).toBe('R²')
  expect(points.map((point) => point.metric)).toEqual([1, 1])
})

test('trees of several outputs are counted by rounds of all of them', () => {
  const forest = exampleForest([stump(0, 1, 0), stump(0, 0, 1), stump(1, 1, 0), stump(1, 0, 1)], { outputCount: 2 })
  const model = {
    ...exampleTabular({ ...forest, targets: Int32Array.of(0, 1, 0, 1) }),
    label: { classes: [0, 1], from: 'margin' as const, by: 'largest' as const, cut: 0 },
  }
  const labels = Float64Array.from({ length: 160 }, (_, r) => bit(r, 0))
  expect(firstTrees(model, rows, labels)!.points.map(({ trees }) => trees)).toEqual([2, 4])
})

test('labels between 0 and 1 of a model that tells no classes are values', () => {
  const { label: _, ...model } = { ...exampleTabular(exampleForest([stump(0, -1, 1), stump(1, -2, 2)])), ...LOGISTIC }
  const labels = Float64Array.from({ length: 160 }, (_, r) => (bit(r, 1) === 0 ? 0.25 : 0.75))
  // The second tree is the one that the labels follow.
  const { metric, points } = firstTrees(model, rows, labels)!
  expect(metric).toBe('R²')
  expect(points[0]!.metric).toBeLessThan(points[1]!.metric)
})

test('of two scores their difference is what puts rows in order', () => {
  // The second class's score is 1 or 1.5 by what the labels are not about; the first's, 0 or 2, decides.
  const forest = exampleForest([stump(0, 0, 2), stump(1, 1, 1.5)], { outputCount: 2 })
  const model = {
    ...exampleTabular({ ...forest, targets: Int32Array.of(0, 1) }),
    label: { classes: [0, 1], from: 'margin' as const, by: 'largest' as const, cut: 0 },
  }
  const labels = Float64Array.from({ length: 160 }, (_, r) => 1 - bit(r, 0))
  expect(firstTrees(model, rows, labels)!.points).toEqual([{ trees: 2, metric: 1, lossError: 0 }])
  const { label: _, ...values } = model
  expect(firstTrees(values, rows, labels)).toBe(undefined)
})

test('one tree, or labels that are all alike, say nothing', () => {
  const labels = new Float64Array(160)
  expect(firstTrees(exampleTabular(exampleForest([stump(0, 1, 2)])), rows, labels)).toBe(undefined)
  expect(firstTrees({ ...exampleTabular(exampleForest([stump(0, 1, 2), stump(1, 1, 2)])), ...LOGISTIC }, rows, labels)).toBe(
    undefined,
  )
})
