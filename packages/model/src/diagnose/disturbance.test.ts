import { expect, test } from 'vitest'
import { block, latency } from '../../test/support/diagnose/check-rule.ts'
import { shareOfWall, totalsOf, waitInMedianMs } from './disturbance.ts'

const slow = { regime: 'b', waitedMs: 1000, waitAtMedianMs: 9 }

test('sums over the blocks of the regime that the p50 is of', () => {
  // two blocks of 10 samples of 10 ms count, the third is of another regime
  const totals = totalsOf(latency(10, { blocks: [block(10, { waitedMs: 5 }), block(10, { waitedMs: 15 }), block(20, slow)] }))
  expect(totals).toMatchObject({ predictions: 20, wallMs: 200, waitedMs: 20 })
  expect(shareOfWall(totals.waitedMs, totals)).toBeCloseTo(0.1)
})

test('takes the median wait of those blocks', () => {
  const blocks = [1, 7, 3].map((waitAtMedianMs) => block(10, { waitAtMedianMs }))
  expect(waitInMedianMs(latency(10, { blocks: [...blocks, block(20, slow)] }), 1)).toBe(3)
  expect(waitInMedianMs(latency(10, { blocks: blocks.slice(0, 2) }), 1)).toBe(4)
  // two threads share them
  expect(waitInMedianMs(latency(10, { blocks }), 2)).toBe(1.5)
})

test('says 0 where nothing was timed', () => {
  const none = latency(10, { blocks: [] })
  expect(totalsOf(none).wallMs).toBe(0)
  expect(shareOfWall(5, totalsOf(none))).toBe(0)
  expect(waitInMedianMs(none, 2)).toBe(0)
})
