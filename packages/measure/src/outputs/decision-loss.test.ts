import { mulberry32 } from '@whyslow/graph/random.ts'
import { describe, expect, test } from 'vitest'
import { fullOr } from '../../../../test/only-full.ts'
import { type DecisionCounts, largestLoss, rowsFor } from './decision-loss.ts'

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

// Of runs that see so many rows of a population whose true loss is known: how often it is above what is said to be possible.
describe('the bound holds in 95 of 100 runs', () => {
  const RUNS = fullOr(2000, 400)
  const random = mulberry32(20)
  const draws = (rows: number, worse: number, better: number) => {
    let [lost, won] = [0, 0]
    for (let row = 0; row < rows; row++) {
      const at = random()
      if (at < worse) lost++
      else if (at < worse + better) won++
    }
    return { rows, worse: lost, better: won }
  }

  test.each([
    // Agreement: rows that decide otherwise are all losses.
    [8, 0.31, 0],
    [8, 0.32, 0],
    [50, 0.02, 0],
    [50, 0.06, 0],
    [300, 0.005, 0],
    [300, 0.01, 0],
    [2000, 0.01, 0],
    // Labels: some are won.
    [300, 0.02, 0.01],
    [1000, 0.03, 0.02],
  ])('%i rows, of which %f are lost and %f won', (rows, worse, better) => {
    const bounds = new Map<string, number>()
    const boundOf = (counts: DecisionCounts) => {
      const key = `${counts.worse} ${counts.better}`
      const bound = bounds.get(key) ?? largestLoss(counts)
      bounds.set(key, bound)
      return bound
    }
    let above = 0
    for (let run = 0; run < RUNS; run++) if (worse - better > boundOf(draws(rows, worse, better))) above++
    expect(above / RUNS).toBeLessThanOrEqual(0.05)
  })
})
