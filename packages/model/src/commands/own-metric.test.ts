import type { GraphView } from '@whyslow/graph/types.ts'
import type { Results, TensorValue } from '@whyslow/measure/engines/types.ts'
import { expect, test } from 'vitest'
import { metricUnder } from './own-metric.ts'

const graph = { nodes: [], initializers: [], inputs: [], outputs: [] } as unknown as GraphView
const scores = (...rows: number[][]): Results[] =>
  rows.map((row) => ({ y: { dtype: 'float32', shape: [1, row.length], data: Float32Array.from(row) } }))
const labels = (...classes: number[]): TensorValue[] =>
  classes.map((one) => ({ dtype: 'int64', shape: [1], data: BigInt64Array.of(BigInt(one)) }))

test('the share of rows that are right', () => {
  const outputs = scores([0.9, 0.1, 0], [0.2, 0.7, 0.1], [0, 0.4, 0.6], [1, 0, 0])
  expect(metricUnder(outputs, labels(0, 1, 2, 1), { metric: null, graph })).toEqual({ name: 'accuracy', value: 0.75, rows: 4 })
})

test('of rows that were predicted, where time ended before the labels', () => {
  expect(metricUnder(scores([0, 1]), labels(1, 0, 0), { metric: null, graph })).toEqual({ name: 'accuracy', value: 1, rows: 1 })
})

test('null where no output is about the labels', () => {
  const text = [{ y: { dtype: 'string', shape: [1], data: ['a'] } }] as unknown as Results[]
  expect(metricUnder(text, labels(1), { metric: null, graph })).toBeNull()
})
