import { expect, test } from 'vitest'
import { GENERATE_DEFAULTS } from './options.ts'
import { planOf, planOfProcess, requestsOf } from './plan.ts'

test.each([40, 30, 12, 7, 6, 4, 3])('an address is sent at most %d requests', (mostRequests) => {
  for (const probes of mostRequests < 6 ? [0] : [0, 3]) {
    const plan = planOf({ ...GENERATE_DEFAULTS, mostRequests }, probes, null)
    expect(requestsOf(plan, probes)).toBeLessThanOrEqual(mostRequests)
    // Each process has its share of them, and all it needs fits into that.
    const { mostCalls, rounds, depths } = plan.measured
    expect(probes + 2 + mostCalls + rounds * depths.length).toBeLessThanOrEqual(Math.floor(mostRequests / plan.processes))
  }
})

test('two requests measure nothing', () => {
  expect(() => planOf({ ...GENERATE_DEFAULTS, mostRequests: 2 }, 0, null)).toThrow(
    /--most-requests 2 is too few .*; give 3 or more/,
  )
  expect(() => planOf({ ...GENERATE_DEFAULTS, mostRequests: 5 }, 3, null)).toThrow(/give 6 or more/)
})

test('each process has prompts of its own, and the first a natural stop', () => {
  const plan = planOf(GENERATE_DEFAULTS, null, null)
  expect(plan.processes).toBe(5)
  expect([0, 1].map((k) => planOfProcess(plan, k)).map(({ seed, naturalStop }) => [seed, naturalStop])).toEqual([
    [0, true],
    [1000, false],
  ])
})

test("a server that holds the made-up prompts of an earlier run gets others; the user's own come in the same order each time", () => {
  const seeds = (probes: number | null, prompts: readonly string[] | null) =>
    [0, 1].map(() => planOfProcess(planOf(GENERATE_DEFAULTS, probes, prompts), 1).seed)
  const [one, other] = seeds(3, null)
  expect(one).not.toBe(other)
  expect(seeds(3, ['a prompt'])).toEqual([1000, 1000])
  expect(seeds(null, null)).toEqual([1000, 1000])
})
