import { expect, test } from 'vitest'
import { readStatistics, statisticsBetween } from './statistics.ts'

/** As Triton answers, shortened. */
const answer = (requests: number, ms: number, version = '1') => ({
  name: 'm',
  version,
  last_inference: 1700000000000,
  inference_count: 2 * requests,
  execution_count: requests / 2,
  inference_stats: {
    success: { count: requests, ns: requests * 9e6 },
    fail: { count: 0, ns: 0 },
    queue: { count: requests, ns: requests * ms * 1e6 },
    compute_input: { count: requests, ns: requests * 1e5 },
    compute_infer: { count: requests, ns: requests * 3e6 },
    compute_output: { count: requests, ns: requests * 2e5 },
    cache_hit: { count: 0, ns: 0 },
    cache_miss: { count: 0, ns: 0 },
  },
  batch_stats: [],
})

test('means of a run are those between two looks, over all versions', () => {
  const before = readStatistics({ model_stats: [answer(100, 1)] })!
  const after = readStatistics({ model_stats: [answer(200, 3), answer(100, 1, '2')] })!
  const run = statisticsBetween(before, after)!
  expect(run.requests).toBe(200)
  expect(run.rowsTogether).toBeCloseTo(4)
  // 200 × 3 and 100 × 1, less 100 × 1, over 200.
  expect(run.queueMs).toBeCloseTo(3)
  expect(run.inputMs).toBeCloseTo(0.1)
  expect(run.inferMs).toBeCloseTo(3)
  expect(run.outputMs).toBeCloseTo(0.2)
})

test('counts that are text are numbers', () => {
  const text = JSON.parse(JSON.stringify(answer(100, 1)), (_, value) => (typeof value === 'number' ? String(value) : value))
  expect(readStatistics({ model_stats: [text] })).toEqual(readStatistics({ model_stats: [answer(100, 1)] }))
})

test.each([
  ['nothing', null],
  ['an error', { error: 'unknown model' }],
  ['no model', { model_stats: [] }],
])('%s is no statistics', (_, value) => expect(readStatistics(value)).toBeNull())

const [few, many] = [100, 200].map((requests) => readStatistics({ model_stats: [answer(requests, 1)] })!)

test('a run in which nothing was predicted has none', () => expect(statisticsBetween(few!, few!)).toBeNull())

test.each([
  ['everything is less', many!, few!],
  ['the time is less, and there are more requests', few!, readStatistics({ model_stats: [answer(101, 0.5)] })!],
  ['a version is gone', few!, readStatistics({ model_stats: [answer(300, 1, '2')] })!],
])('a run before which the server began anew, or of which another one told, has none: %s', (_, before, after) =>
  expect(statisticsBetween(before, after)).toBeNull(),
)
