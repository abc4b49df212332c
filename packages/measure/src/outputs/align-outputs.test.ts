import { expect, test } from 'vitest'
import type { Results, TensorValue } from '../engines/types.ts'
import { alignOutputs } from './align-outputs.ts'

const value = (x: number): TensorValue => ({ dtype: 'float32', shape: [1], data: new Float32Array([x]) })
const results = (of: Record<string, number>): readonly Results[] => [
  Object.fromEntries(Object.entries(of).map(([name, x]) => [name, value(x)])),
]

test('other names are matched by place', () => {
  expect(alignOutputs(results({ label: 1, scores: 2 }), results({ y: 3, p: 4 }))).toEqual(results({ label: 3, scores: 4 }))
})

test('a shared name, or another number of outputs, leaves them as they are', () => {
  const shared = results({ scores: 3, other: 4 })
  expect(alignOutputs(results({ label: 1, scores: 2 }), shared)).toBe(shared)
  const fewer = results({ y: 3 })
  expect(alignOutputs(results({ label: 1, scores: 2 }), fewer)).toBe(fewer)
  expect(alignOutputs([], [])).toEqual([])
})
