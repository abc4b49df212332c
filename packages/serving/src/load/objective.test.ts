import { expect, test } from 'vitest'
import { isSure, judge, leastFor, nameOf, parseObjective } from './objective.ts'

test.each([
  ['p99<20ms', { share: 0.99, boundMs: 20, mostErrors: 0.01 }],
  ['p99.9 <= 0.1s', { share: 0.999, boundMs: 100, mostErrors: 0.01 }],
  ['mean<500us', { share: null, boundMs: 0.5, mostErrors: 0.01 }],
  ['median<5ms', { share: 0.5, boundMs: 5, mostErrors: 0.01 }],
  ['p95<50ms,errors<0.1%', { share: 0.95, boundMs: 50, mostErrors: 0.001 }],
])('%s', (text, wanted) => {
  const { share, boundMs, mostErrors } = parseObjective(text)
  expect(boundMs).toBeCloseTo(wanted.boundMs, 9)
  expect(mostErrors).toBeCloseTo(wanted.mostErrors, 9)
  if (wanted.share === null) expect(share).toBe(null)
  else expect(share).toBeCloseTo(wanted.share, 9)
})

test.each([
  '',
  'p99',
  'p99<20',
  'p100<1ms',
  'p0<1ms',
  'p99>20ms',
  'p99<0ms',
  'p99<1ms,p50<1ms',
  'errors<1%',
  'p99<1ms,errors<200%',
])('%j is refused', (text) => expect(() => parseObjective(text)).toThrow(/--slo/))

const hundred = Float64Array.from({ length: 100 }, (_, k) => k + 1)
test('a percentile below its bound holds, one at it does not', () => {
  expect(judge(parseObjective('p90<91ms'), hundred)).toEqual({ held: true, valueMs: 90, over: 10 })
  expect(judge(parseObjective('p90<90ms'), hundred)).toEqual({ held: false, valueMs: 90, over: 11 })
})

test('requests without an answer are over, and more of them than may be break it', () => {
  const some = hundred.slice()
  some[0] = Number.POSITIVE_INFINITY
  expect(judge(parseObjective('p50<60ms'), some).held).toBe(true)
  some[1] = Number.POSITIVE_INFINITY
  expect(judge(parseObjective('p50<60ms'), some).held).toBe(false)
  expect(judge(parseObjective('p50<60ms,errors<5%'), some).held).toBe(true)
  expect(judge(parseObjective('mean<60ms'), new Float64Array()).held).toBe(false)
})

test('a percentile has as many requests as LoadGen’s rule asks for', () => {
  expect(['p50<1s', 'p99<1s', 'p99.9<1s', 'mean<1s'].map((text) => leastFor(parseObjective(text)))).toEqual([11, 662, 6636, 100])
  expect(['p50<1s', 'p99.9<1s', 'mean<1s'].map((text) => nameOf(parseObjective(text)))).toEqual(['p50', 'p99.9', 'mean'])
})

test('what a run says is sure if the bound lies outside the interval of its percentile', () => {
  const over = (count: number) => Float64Array.from({ length: 2000 }, (_, k) => (k % Math.floor(2000 / count) === 1 ? 30 : 1))
  const p99 = parseObjective('p99<20ms')
  expect([22, 100, 18, 1].map((count) => isSure(p99, over(count)))).toEqual([false, true, false, true])
  // Errors, and not latencies, are what breaks it: they are over every bound.
  const failed = new Float64Array(2000).fill(1).fill(Number.POSITIVE_INFINITY, 0, 100)
  expect(isSure(p99, failed)).toBe(true)
  expect(isSure(parseObjective('mean<1ms'), new Float64Array(2000).fill(2))).toBe(true)
  // Too few for an interval.
  expect(isSure(parseObjective('mean<1ms'), new Float64Array(20).fill(2))).toBe(false)
})

test('one error more than may be decides nothing in a short run', () => {
  const withErrors = (errors: number) => new Float64Array(500).fill(1).fill(Number.POSITIVE_INFINITY, 0, errors)
  const strict = parseObjective('p99<20ms,errors<0.1%')
  expect([1, 10].map((errors) => isSure(strict, withErrors(errors)))).toEqual([false, true])
})
