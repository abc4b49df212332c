import { expect, test } from 'vitest'
import { inTurns } from './step-task.ts'

test('both calls in turns, their medians apart', async () => {
  let ms = 0
  const order: string[] = []
  const call = (name: string, took: number) => async () => {
    order.push(name)
    ms += took
  }
  expect(await inTurns([call('all', 9), call('logits', 5)], 0, () => ms)).toEqual({ bothMs: 9, oneMs: 5 })
  expect(order.slice(4).join(' ')).toBe('all logits logits all all logits logits all all logits logits all all logits')
})

test('a difference that may be noise is none', async () => {
  let ms = 0
  // 9.5 and 8 by turns against 8.7: the median of the differences is above 0, and their interval is not.
  const all = [9.5, 8, 9.5, 9.5, 8, 9.5, 8]
  let turn = -2
  const took = (of: () => number) => async () => {
    ms += of()
  }
  const calls = [took(() => all[Math.max(0, turn++)] ?? 9.5), took(() => 8.7)] as const
  const { bothMs, oneMs } = await inTurns(calls, 0, () => ms)
  expect(bothMs).toBeCloseTo(9.5)
  expect(oneMs).toBe(bothMs)
})
