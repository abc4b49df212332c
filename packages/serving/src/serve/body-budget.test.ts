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

test('clients that are slow to send or to read are given up when others need the room, those that are slow for longest first', () => {
  let now = 0
  const budget = createBodyBudget(100, () => now)
  const gone: string[] = []
  const slow = (name: string) => {
    const held = budget.hold()
    held.waits(() => gone.push(name))
    held.set(200)
    return held
  }
  const first = slow('first')
  now = 3000
  const second = slow('second')
  const third = budget.hold()
  expect(() => third.set(1)).toThrow(/hold all the memory/)
  now = 6000
  third.set(150)
  expect([gone, budget.bytes]).toEqual([['first'], 350])
  // Each is left five seconds.
  expect(() => third.set(250)).toThrow(/hold all the memory/)
  // While the server is at it nobody is slow.
  second.waits(null)
  now = 60_000
  expect(() => third.set(250)).toThrow(/hold all the memory/)
  second.free()
  for (const held of [first, second]) held.set(300)
  third.set(400)
  expect([gone, budget.bytes]).toEqual([['first'], 400])
})

test('the last quarter is for small requests', () => {
  const budget = createBodyBudget(100_000_000)
  const [large, other, small] = [budget.hold(), budget.hold(), budget.hold()]
  large.set(250_000_000)
  expect(() => other.set(60_000_000)).toThrow(/hold all the memory/)
  other.set(50_000_000)
  small.set(1_000_000)
  expect(budget.bytes).toBe(301_000_000)
})

test('one that is alone has room, however large: an answer may be', () => {
  const budget = createBodyBudget(100)
  const held = budget.hold()
  held.set(50)
  held.set(5000)
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
