import { expect, test } from 'vitest'
import { GENERATE_DEFAULTS } from './options.ts'
import { planOf, planOfProcess, requestsOf } from './plan.ts'

test.each([40, 30, 12, 7, 6, 4, 3])('an address is sent at most %d requests', (mostRequests) => {
  expect(requestsOf(planOf({ ...GENERATE_DEFAULTS, mostRequests }, true, null))).toBeLessThanOrEqual(mostRequests)
})

test('two requests measure nothing', () => {
  expect(() => planOf({ ...GENERATE_DEFAULTS, mostRequests: 2 }, true, null)).toThrow('--most-requests 2 is too few')
})

test('each process has prompts of its own, and the first a natural stop', () => {
  const plan = planOf(GENERATE_DEFAULTS, false, null)
  expect(plan.processes).toBe(5)
  expect([0, 1].map((k) => planOfProcess(plan, k)).map(({ seed, naturalStop }) => [seed, naturalStop])).toEqual([
    [0, true],
    [1000, false],
  ])
})
