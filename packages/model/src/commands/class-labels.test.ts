import { expect, test } from 'vitest'
import { classLabels } from './class-labels.ts'

const of = (...values: readonly (string | number | bigint)[]) => values.map((value) => ({ data: [value] }))

test('labels are classes by their name, and of texts by their index', () => {
  expect(classLabels(of('2', 1n, 2), [1, 2])).toEqual({ labels: Float64Array.of(1, 0, 1) })
  expect(classLabels(of('good', '1', 0), ['bad', 'good'])).toEqual({ labels: Float64Array.of(1, 1, 0) })
})

test('what is no class of the model is told with its row', () => {
  expect(classLabels(of(1, 0), [1, 2])).toEqual({ unknown: '0', row: 2 })
  expect(classLabels(of(0, 1, 7), ['bad', 'good'])).toEqual({ unknown: '7', row: 3 })
})

test('without classes they are numbers', () => {
  expect(classLabels(of(0.5, '2.5'), undefined)).toEqual({ labels: Float64Array.of(0.5, 2.5) })
  expect(classLabels(of('much'), undefined)).toEqual({ unknown: 'much', row: 1 })
})
