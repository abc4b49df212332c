import { expect, test } from 'vitest'
import { bytesOf, createBodyBudget } from './body-budget.ts'

test('four of the largest are held together, and what is freed is there for others', () => {
  const budget = createBodyBudget(100)
  const [a, b] = [budget.hold(), budget.hold()]
  a.set(300)
  b.set(100)
  expect(() => b.set(101)).toThrow(/hold all the memory/)
  expect(budget.bytes).toBe(400)
  // Less is always taken: what is held shrinks where a body becomes tensors.
  a.set(50)
  b.set(101)
  a.free()
  a.free()
  expect([budget.bytes, budget.most]).toEqual([101, 400])
})

test('tensors hold their bytes, strings their characters and heads', () => {
  const x = { dtype: 'float32', shape: [3], data: new Float32Array(3) } as const
  const s = { dtype: 'string', shape: [2], data: ['ab', ''] } as const
  expect(bytesOf({ x })).toBe(12)
  expect(bytesOf({ x, s })).toBe(12 + 48 + 2)
})
