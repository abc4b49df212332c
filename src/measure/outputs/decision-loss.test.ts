import { expect, test } from 'vitest'
import { largestLoss, rowsFor } from './decision-loss.ts'

test.each([
  // 1 - 0.05^(1/100); one-sided Clopper-Pearson: 4.66 of 100 where one was seen.
  ['nothing differs on few rows', 100, 0, 0, 0.0295],
  ['one of a hundred is lost', 100, 1, 0, 0.0466],
  // 9.13 of 1000 where four were seen.
  ['four of a thousand', 1000, 4, 0, 0.0091],
  // 10.48 and 1.97 of 1000 where five were seen: the square root of 5.48² + 3.03².
  ['as many are won as lost', 1000, 5, 5, 0.00626],
])('%s', (_, rows, worse, better, loss) => expect(largestLoss({ rows, worse, better })).toBeCloseTo(loss, 4))

test('a limit needs so many rows', () => {
  expect(rowsFor(0.01)).toBe(299)
  expect(largestLoss({ rows: 299, worse: 0, better: 0 })).toBeLessThanOrEqual(0.01)
  expect(largestLoss({ rows: 298, worse: 0, better: 0 })).toBeGreaterThan(0.01)
})
