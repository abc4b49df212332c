import { expect, test } from 'vitest'
import { leastRequests, overBudget } from './early-stopping.ts'

// MLCommons' own numbers: the floors of the estimate, and budgets of its worked examples.
test.each([
  [0.5, 11],
  [0.9, 64],
  [0.95, 130],
  [0.99, 662],
  [0.999, 6636],
])('the %d quantile takes %d requests', (share, least) => expect(leastRequests(share)).toBe(least))

test.each([
  [0.9, 1000, 78],
  [0.95, 2000, 77],
  [0.99, 1000, 2],
  [0.99, 5000, 33],
  [0.99, 10_000, 77],
  [0.99, 459, 0],
  [0.99, 458, -1],
])('at %d, of %d requests %d may be over', (share, count, budget) => expect(overBudget(share, count)).toBe(budget))
