import { expect, test } from 'vitest'
import { inTurns } from './step-task.ts'

test('both calls in turns, their medians apart', async () => {
  let ms = 0
  const order: string[] = []
  const call = (name: string, took: number) => async () => {
    order.push(name)
    ms += took
  }
  expect(await inTurns([call('all', 9), call('logits', 5)], 0, () => ms)).toEqual({ stepMs: 9, logitsOnlyMs: 5 })
  expect(order.slice(4).join(' ')).toBe('all logits logits all all logits logits all all logits logits all all logits')
})
