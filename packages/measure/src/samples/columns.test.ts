import { type Forest, type TabularModel, TEST } from '@whyslow/graph/forest/types.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import { describe, expect, it } from 'vitest'
import { type Column, drawRow, rowsOf, rowsOfTrees, valueAt } from './columns.ts'

const modelOf = (featureCount: number, given: Partial<TabularModel>): TabularModel => ({
  maker: 'onnx',
  objective: '',
  input: { dtype: 'float32', featureCount },
  prepare: [],
  scores: {
    kind: 'linear',
    precision: 'float32',
    outputCount: 1,
    featureCount,
    weights: new Float64Array(featureCount),
    start: new Float64Array(1),
    end: new Float64Array(1),
    missing: 'missing',
  },
  transform: [],
  notes: [],
  ...given,
})

/** Nodes alone: what draws rows looks at nothing else of a forest. */
const forestOf = (nodes: readonly (readonly [feature: number, threshold: number, flags: number])[]): Forest => {
  const empty = new Int32Array(0)
  return {
    kind: 'forest',
    compare: 'float32',
    outputCount: 1,
    treeCount: 1,
    roots: empty,
    targets: empty,
    widths: empty,
    nodes: {
      feature: Int32Array.from(nodes, ([feature]) => feature),
      threshold: Float64Array.from(nodes, ([, threshold]) => threshold),
      yes: empty,
      no: empty,
      flags: Uint8Array.from(nodes, ([, , flags]) => flags),
    },
    leafValues: new Float64Array(0),
    categories: 'exact',
    sets: { starts: Int32Array.of(0, 1), words: Uint32Array.of(0b1010) },
    sum: { precision: 'float32', start: new Float64Array(1), divideBy: 1, scale: 1, end: new Float64Array(1) },
  }
}

const scale = (offset: readonly number[], factor: readonly number[]) =>
  ({
    kind: 'scale',
    form: 'subtract-divide',
    precision: 'float32',
    offset: Float64Array.from(offset),
    factor: Float64Array.from(factor),
  }) as const

function drawn(model: TabularModel, count = 2000): Float64Array[] {
  const random = mulberry32(3)
  const rows = rowsOf(model)!
  return Array.from({ length: count }, () => drawRow(rows, () => normal(random), random))
}
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

describe('rowsOf', () => {
  it('puts as many rows between any two split points, whole numbers where the points say so', () => {
    const model = modelOf(3, {
      scores: forestOf([
        [0, 10, TEST.lessOrEqual],
        [0, 20.25, TEST.lessOrEqual],
        [0, 90.5, TEST.lessOrEqual],
        [1, 0.5, TEST.lessOrEqual],
        [2, 1, TEST.less],
        [2, 3, TEST.less],
      ]),
    })
    const rows = drawn(model)
    const share = (test: (row: Float64Array) => boolean) => rows.filter(test).length / rows.length
    for (const [low, high] of [
      [-Infinity, 10],
      [10, 20.25],
      [20.25, 90.5],
      [90.5, Infinity],
    ] as const) {
      expect(share(([x]) => x! > low && x! <= high)).toBeCloseTo(0.25, 1)
    }
    expect([...new Set(rows.map((row) => row[1]))].sort()).toEqual([0, 1])
    expect(share((row) => row[1] === 1)).toBeCloseTo(0.5, 1)
    expect(rows.every((row) => Number.isInteger(row[2]))).toBe(true)
    expect(share((row) => row[2]! < 1)).toBeCloseTo(1 / 3, 1)
  })
  it('draws what a logarithm or a root is taken of above zero, and the rest as always', () => {
    const functions = [{ name: 'log' }, undefined, { name: 'box-cox', lambda: 0.5 }] as const
    const step = { kind: 'apply', precision: 'float64', functions } as const
    const rows = drawn(modelOf(3, { prepare: [step] }), 200)
    expect(rows.every(([x, , z]) => x! > 0 && z! > 0)).toBe(true)
    expect(rows.some(([, y]) => y! < 0)).toBe(true)
  })
  it('draws categories of equality and member tests', () => {
    const model = modelOf(2, {
      scores: forestOf([
        [0, 7, TEST.equal],
        [0, 9, TEST.equal],
        [1, 0, TEST.member],
      ]),
    })
    const rows = drawn(model, 200)
    expect(new Set(rows.map((row) => row[0]))).toEqual(new Set([7, 9]))
    expect(new Set(rows.map((row) => row[1]))).toEqual(new Set([1, 3]))
  })
  it('has missing values only if trees of a maker that learns their way send them both ways', () => {
    const both = forestOf([
      [0, 1.5, TEST.less | 4],
      [0, 2.5, TEST.less],
    ])
    const one = forestOf([
      [0, 1.5, TEST.less],
      [0, 2.5, TEST.less],
    ])
    const missing = (scores: Forest, maker: TabularModel['maker']) =>
      drawn(modelOf(1, { maker, scores })).filter(([x]) => Number.isNaN(x)).length
    expect(missing(both, 'xgboost')).toBeGreaterThan(40)
    expect(missing(both, 'xgboost')).toBeLessThan(200)
    expect(missing(one, 'xgboost')).toBe(0)
    expect(missing(both, 'lightgbm')).toBe(0)
  })
  it('takes means and deviations from a scaler, in one step or two, and keeps amounts above zero', () => {
    const prepare = [scale([-4, 5000], [1, 1]), scale([0, 0], [2, 6000])]
    for (const steps of [prepare, [scale([-4, 5000], [2, 6000])]]) {
      const rows = drawn(modelOf(2, { prepare: steps }))
      expect(meanOf(rows.map((row) => row[0]!))).toBeCloseTo(-4, 0)
      expect(Math.min(...rows.map((row) => row[1]!))).toBeGreaterThan(0)
      expect(meanOf(rows.map((row) => row[1]!)) / 5000).toBeCloseTo(1, 0)
    }
  })
  it('sees through a scaler to the split points of the raw column', () => {
    const [row] = drawn(
      modelOf(1, {
        prepare: [scale([100], [10])],
        scores: forestOf([
          [0, 0, TEST.lessOrEqual],
          [0, 1, TEST.lessOrEqual],
        ]),
      }),
      1,
    )
    expect(row![0]).toBeGreaterThan(80)
    expect(row![0]).toBeLessThan(130)
  })
  it('takes a deviation that only a share can have for one of two values', () => {
    const rows = drawn(modelOf(1, { prepare: [scale([1.3], [Math.sqrt(0.21)])] }))
    expect(new Set(rows.map(([x]) => x))).toEqual(new Set([1, 2]))
    expect(meanOf(rows.map(([x]) => x!))).toBeCloseTo(1.3, 1)
  })
  it('knows nothing of a model with more columns than tables have', () => {
    const { nodes, sets } = forestOf([[0, 10, TEST.lessOrEqual]])
    expect(rowsOfTrees({ nodes, sets }, 10)).toBeDefined()
    expect(rowsOfTrees({ nodes, sets }, 200_000)).toBeUndefined()
    expect(rowsOf(modelOf(200_000, { scores: forestOf([[0, 10, TEST.lessOrEqual]]) }))).toBeUndefined()
  })
  it('knows nothing of a model that stores nothing', () => {
    expect(rowsOf(modelOf(4, {}))).toBeUndefined()
    // One factor for all columns is a change of unit.
    expect(rowsOf(modelOf(2, { prepare: [scale([0, 0], [255, 255])] }))).toBeUndefined()
  })
})

it('valueAt: quantiles ascend', () => {
  const columns: Column[] = [
    { kind: 'splits', points: Float64Array.of(1, 1, 4), whole: null },
    { kind: 'skewed', mean: 3, deviation: 4 },
    { kind: 'normal', mean: 3, deviation: 4 },
  ]
  for (const column of columns) {
    const values = [-3, -1, 0, 1, 3].map((latent) => valueAt(column, latent))
    expect([...values].sort((a, b) => a - b)).toEqual(values)
  }
})
