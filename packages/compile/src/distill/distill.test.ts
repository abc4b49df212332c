import { evaluateRow } from '@whyslow/graph/forest/evaluate.ts'
import { accuracy, auc, rSquared } from '@whyslow/graph/forest/metric.ts'
import type { TabularModel } from '@whyslow/graph/forest/types.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import { exampleForest, exampleTabular, type Sketch } from '@whyslow/graph/support/forest/example-forest.ts'
import { describe, expect, test } from 'vitest'
import { binOf, binRows } from './bins.ts'
import { boost } from './boost.ts'
import { refusal } from './distill.ts'
import type { Lessons } from './lessons.ts'
import { fitLinear } from './linear.ts'
import { logistic, towardScore } from './loss.ts'
import { partsOf, withMore } from './rows.ts'
import { truncateForest } from './truncate.ts'

const WIDTH = 4
function rowsOf(count: number): Float32Array {
  const random = mulberry32(3)
  return Float32Array.from({ length: count * WIDTH }, () => random() * 2 - 1)
}

const stump = (feature: number, threshold: number, yes: Sketch, no: Sketch): Sketch => ({ feature, threshold, yes, no })
const teacher = exampleTabular(exampleForest([stump(0, 0, -1, 1), stump(1, 0.5, -0.5, 0.5), stump(2, -0.5, 0.25, 0)]))

function lessons(model: TabularModel, count: number, isLogOdds = false): Lessons {
  const rows = rowsOf(count)
  const scores = Float64Array.from(
    { length: count },
    (_, r) => evaluateRow(model, rows.subarray(r * WIDTH, (r + 1) * WIDTH)).margin[0]!,
  )
  return { teacher: model, rows, count, scores, isLogOdds }
}

describe('metrics', () => {
  test('AUC: pairs in order, ties by halves', () => {
    // Of four pairs three are in order and one is a tie.
    expect(auc([1, 2, 2, 3], [0, 0, 1, 1])).toBe(3.5 / 4)
    expect(auc([1, 2], [1, 1])).toBe(Number.NaN)
  })
  test('accuracy and R²', () => {
    expect(accuracy([1, 0, 1, 1], [1, 0, 0, 1])).toBe(0.75)
    expect(rSquared([1, 2, 3], [1, 2, 3])).toBe(1)
    expect(rSquared([2, 2, 2], [1, 2, 3])).toBe(0)
  })
})

describe('bins', () => {
  test('missing is the first; a value is on the side of the cut that its comparison says', () => {
    const { cuts, bins } = binRows(Float32Array.of(1, 2, 2, 3, Number.NaN), 5, 1, Math.fround)
    for (const [row, x] of [1, 2, 2, 3].entries())
      for (const [k, cut] of cuts[0]!.entries()) expect(bins[row]! <= k + 1).toBe(x < cut)
    expect(bins[4]).toBe(0)
    expect(binOf(Float64Array.of(1, 2), 2)).toBe(3)
  })
})

test('boosting comes near a target of few steps', () => {
  const { rows, count, scores } = lessons(teacher, 200)
  const data = binRows(rows, count, WIDTH, Math.fround)
  const fitted = new Float64Array(count)
  boost(data, fitted, towardScore(scores), { depth: 3, trees: 12, rate: 0.6, lambda: 0.1, leastHessian: 1 })
  expect(rSquared(fitted, scores)).toBeGreaterThan(0.95)
})

test('a linear student of log odds that are linear is those', () => {
  const given = lessons(teacher, 100, true)
  const { rows, count } = given
  const scores = Float64Array.from({ length: count }, (_, r) => 0.5 + 2 * rows[r * WIDTH]! - rows[r * WIDTH + 3]!)
  const { prepare, scores: fitted } = fitLinear({ ...given, scores }, scores.map(logistic))
  const student = { ...teacher, prepare, scores: fitted }
  const found = Float64Array.from(
    { length: count },
    (_, r) => evaluateRow(student, rows.subarray(r * WIDTH, (r + 1) * WIDTH)).margin[0]!,
  )
  expect(rSquared(found, scores)).toBeGreaterThan(0.999)
})

test('the first trees with leaves fitted anew make up for those that are gone', () => {
  const given = lessons(teacher, 200)
  const { rows, count, scores } = given
  const predicted = (model: TabularModel) =>
    Float64Array.from({ length: count }, (_, r) => evaluateRow(model, rows.subarray(r * WIDTH, (r + 1) * WIDTH)).margin[0]!)
  const forest = teacher.scores.kind === 'forest' ? teacher.scores : undefined
  const refitted = truncateForest(forest!, 2, given)!
  const { nodes, roots, targets, widths } = forest!
  const plain = {
    ...forest!,
    treeCount: 2,
    roots: roots.slice(0, 2),
    targets: targets.slice(0, 2),
    widths: widths.slice(0, 2),
    nodes,
  }
  expect(rSquared(predicted({ ...teacher, scores: refitted }), scores)).toBeGreaterThan(
    rSquared(predicted({ ...teacher, scores: plain }), scores),
  )
})

describe('rows', () => {
  test('three parts hold every row once, the same at every run', () => {
    const { learn, choose, test: shown } = partsOf(10)
    expect([...learn, ...choose, ...shown].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect([...partsOf(10).test]).toEqual([...shown])
  })
  test('made rows hold features of rows that are there', () => {
    const rows = Float32Array.of(1, 2, 3, 4, 5, 6)
    const more = withMore(rows, 2, 10)
    expect([...more.slice(0, 6)]).toEqual([...rows])
    for (let r = 3; r < 10; r++) expect([1, 3, 5]).toContain(more[2 * r])
    expect(withMore(rows, 2, 2)).toEqual(rows)
  })
})

test('several scores for a row are refused', () => {
  const two = exampleForest([], { outputCount: 2 })
  expect(refusal(exampleTabular(two))).toBe('it has 2 scores for each row, and students learn one')
  expect(refusal(teacher)).toBe(null)
})
