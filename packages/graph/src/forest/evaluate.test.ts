import { describe, expect, test } from 'vitest'
import { exampleForest, exampleTabular, type SplitSketch } from '../../test/support/forest/example-forest.ts'
import { plainSum } from './assemble.ts'
import { evaluateRow } from './evaluate.ts'
import { categoryOf, isMember } from './evaluate-forest.ts'
import type { CategorySets, Forest, TabularModel } from './types.ts'

const split = (change: Partial<SplitSketch> = {}): SplitSketch => ({ feature: 0, threshold: 0.5, yes: 1, no: 2, ...change })
const row = (x: number) => [x, 0, 0, 0]
const marginOf = (forest: Forest, x: number) => evaluateRow(exampleTabular(forest), row(x)).margin[0]

describe('a node', () => {
  test('compares in the precision of its forest', () => {
    const threshold = Math.fround(0.1)
    const single = exampleForest([split({ threshold })])
    const double = exampleForest([split({ threshold })], { compare: 'float64' })
    // 0.1 as float32 is the threshold itself; as a double it is below it.
    expect([marginOf(single, 0.1), marginOf(double, 0.1)]).toEqual([2, 1])
  })

  test('takes yes where the test holds: less, less or equal, equal', () => {
    const at = (name: NonNullable<SplitSketch['test']>) =>
      [0.25, 0.5, 0.75].map((x) => marginOf(exampleForest([split({ test: name })]), x))
    expect([at('less'), at('lessOrEqual'), at('equal')]).toEqual([
      [1, 2, 2],
      [1, 1, 2],
      [2, 1, 2],
    ])
  })

  test.each([
    [{}, Number.NaN, 2],
    [{ missingIsYes: true }, Number.NaN, 1],
    [{ missingIsYes: true, threshold: -1 }, 0, 2],
    [{ missingIsYes: true, threshold: -1, zeroIsMissing: true }, 0, 1],
    [{ missingIsYes: true, threshold: -1, zeroIsMissing: true }, -1e-36, 1],
    [{ missingIsYes: true, threshold: -1, zeroIsMissing: true }, 1e-34, 2],
  ] as const)('sends a missing value where it says: %o, %d', (change, x, leaf) => {
    expect(marginOf(exampleForest([split(change)]), x)).toBe(leaf)
  })
})

describe('a category', () => {
  // Set 0 holds 0, 3 and 33; set 1 what is known: 0 to 35.
  const sets: CategorySets = {
    starts: Int32Array.of(0, 2, 4),
    words: Uint32Array.of(9, 2, 0xffffffff, 15),
    known: Int32Array.of(1, -1, -1, -1),
  }
  const member = (categories: Forest['categories'], change: Partial<SplitSketch> = {}) =>
    exampleForest([split({ test: 'member', threshold: 0, ...change })], { categories, sets, compare: 'float64' })

  test('is found by its bit, and beyond the words in no set', () => {
    expect([0, 1, 3, 33, 34, 64, 2 ** 32, 2 ** 40].filter((one) => isMember(sets, 0, one))).toEqual([0, 3, 33])
  })

  test.each([
    ['xgboost', [3, 3.9, -0.5, 2 ** 24, 2 ** 32 + 3, 1], [1, 1, 2, 2, 2, 2]],
    ['lightgbm', [3, 3.9, -0.5, -1, 2 ** 32 + 3, 1], [1, 1, 1, 2, 2, 2]],
    ['exact', [3, 3.9, -0.5, -0, 33, 1], [1, 2, 2, 1, 1, 2]],
  ] as const)('%s: which numbers are members', (rule, numbers, leaves) => {
    expect(numbers.map((x) => marginOf(member(rule), x))).toEqual(leaves)
  })

  test('of HistGradientBoosting is missing where it is negative or not known', () => {
    const forest = member('scikit-learn', { missingIsYes: true })
    expect([3, 1, 36, -1, Number.NaN].map((x) => marginOf(forest, x))).toEqual([1, 2, 1, 1, 1])
  })

  test('never is what no number is', () => {
    expect(categoryOf('xgboost', Number.POSITIVE_INFINITY)).toBe(-1)
    expect(categoryOf('lightgbm', Number.NEGATIVE_INFINITY)).toBe(-1)
  })
})

describe('the sum', () => {
  test('is rounded at each addition, from the start on', () => {
    const leaves = [0.1, 0.2, 0.3].map(Math.fround)
    const sum = plainSum('float32', 1, { start: Float64Array.of(16777216) })
    // Each leaf is lost in 2²⁴; together they would not be if they were added first.
    expect(marginOf(exampleForest([...leaves, 1], { sum }), 0)).toBe(16777216)
    expect(marginOf(exampleForest([0.1, 0.2], { compare: 'float64' }), 0)).toBe(0.1 + 0.2)
  })

  test('is divided, scaled and ended in that order', () => {
    const sum = plainSum('float64', 1, { divideBy: 2, scale: 3, end: Float64Array.of(0.5) })
    expect(marginOf(exampleForest([1, 4], { compare: 'float64', sum }), 0)).toBe(8)
  })

  test('of a leaf with several values goes to several outputs', () => {
    const forest = exampleForest([split({ yes: [1, 2], no: [3, 4] }), [10, 20]], { outputCount: 2 })
    expect([...evaluateRow(exampleTabular(forest), row(0)).margin]).toEqual([11, 22])
  })

  test('a linear leaf adds its products, or its plain value where a feature is missing', () => {
    const plain = exampleForest([5], { compare: 'float64' })
    const linearLeaves = {
      constant: Float64Array.of(1),
      starts: Int32Array.of(0, 2),
      feature: Int32Array.of(0, 1),
      coefficient: Float64Array.of(2, 3),
    }
    const forest: Forest = { ...plain, nodes: { ...plain.nodes, no: Int32Array.of(0) }, linearLeaves }
    const at = (given: number[]) => evaluateRow(exampleTabular(forest), given).margin[0]
    expect([at([10, 100, 0, 0]), at([10, Number.NaN, 0, 0]), at([1, 1, Number.NaN, 0])]).toEqual([321, 5, 6])
  })
})

describe('other scores', () => {
  test('of a linear model skip what is missing, or are missing', () => {
    const linear = (missing: 'skipped' | 'missing') =>
      exampleTabular({
        kind: 'linear',
        precision: 'float64',
        outputCount: 1,
        featureCount: 2,
        weights: Float64Array.of(2, 3),
        start: Float64Array.of(1),
        end: Float64Array.of(0),
        missing,
      })
    expect(evaluateRow(linear('skipped'), [5, Number.NaN]).margin[0]).toBe(11)
    expect(evaluateRow(linear('missing'), [5, Number.NaN]).margin[0]).toBeNaN()
  })

  test('of a network go through its layers', () => {
    const layer = {
      inputs: 2,
      outputs: 2,
      weights: Float64Array.of(1, 0, 0, 1),
      bias: Float64Array.of(-1, 1),
      activation: 'relu',
    } as const
    const scores = {
      kind: 'network',
      precision: 'float64',
      outputCount: 2,
      layers: [layer, { ...layer, activation: 'identity' }],
    } as const
    expect([...evaluateRow(exampleTabular(scores), [0.5, 2]).margin]).toEqual([-1, 4])
  })
})

describe('the label', () => {
  const model = (change: Partial<TabularModel>) => exampleTabular(exampleForest([[1, 3, 3]], { outputCount: 3 }), change)
  const classes = [0, 1, 2]

  test('is the first of the largest', () => {
    expect(evaluateRow(model({ label: { classes, from: 'margin', by: 'largest', cut: 0 } }), row(0)).label).toBe(1)
  })

  test('is cut above a number, or from it on', () => {
    const at = (by: 'above' | 'from') => evaluateRow(model({ label: { classes, from: 'margin', by, cut: 3 } }), row(0)).label
    expect([at('above'), at('from')]).toEqual([0, 1])
  })
})
