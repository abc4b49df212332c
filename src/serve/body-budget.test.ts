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

test('answers that are not read hold their bytes; the slowest readers are given up where others need the room', () => {
  let now = 0
  const budget = createBodyBudget(100, () => now)
  const gone: string[] = []
  const answer = (name: string) => {
    const held = budget.hold()
    held.answers(200, () => gone.push(name))
    return held
  }
  answer('first')
  now = 3000
  const second = answer('second')
  const third = budget.hold()
  expect(() => third.set(1)).toThrow(/hold all the memory/)
  now = 6000
  third.set(150)
  expect([gone, budget.bytes]).toEqual([['first'], 350])
  // Each is left five seconds.
  expect(() => third.set(250)).toThrow(/hold all the memory/)
  second.free()
  second.set(300)
  third.set(400)
  expect([gone, budget.bytes]).toEqual([['first'], 400])
})

test('one that is alone has room, however large: an answer may be', () => {
  const budget = createBodyBudget(100)
  const held = budget.hold()
  held.set(50)
  held.answers(5000, () => {})
  expect(() => budget.hold().set(1)).toThrow(/hold all the memory/)
  held.free()
  expect(budget.bytes).toBe(0)
})

test('tensors hold their bytes, strings their characters and heads', () => {
  const x = { dtype: 'float32', shape: [3], data: new Float32Array(3) } as const
  const s = { dtype: 'string', shape: [2], data: ['ab', ''] } as const
  expect(bytesOf({ x })).toBe(12)
  expect(bytesOf({ x, s })).toBe(12 + 48 + 2)
})
