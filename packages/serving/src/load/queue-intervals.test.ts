import { meanInterval, percentileInterval, sortAscending } from '@whyslow/measure/statistics/index.ts'
import { expect, test } from 'vitest'
import { exampleRun } from '../../test/support/load/example-queue.ts'
import { latenciesOf } from './point.ts'

test('of few values the p99 has no upper end', () => {
  const values = Float64Array.from({ length: 100 }, (_, k) => (k * 37) % 100)
  expect(percentileInterval(values, sortAscending(values), 0.99)!.high).toBe(null)
  expect(percentileInterval(values, sortAscending(values), 0.5)!.high).toBeGreaterThan(50)
})

// M/M/1 at 60 %: mean 25 ms, p99 115 ms. Of 40 runs 38 would hold it.
test('intervals hold what is known of a queue in most runs', () => {
  let [means, percentiles] = [0, 0]
  const seeds = Array.from({ length: 40 }, (_, k) => k + 1)
  for (const seed of seeds) {
    const latencies = latenciesOf(exampleRun({ utilisation: 0.6, seed, measuredMs: 30_000 }))
    const mean = meanInterval(latencies)!
    if (mean.low <= 25 && mean.high! >= 25) means++
    const p99 = percentileInterval(latencies, sortAscending(latencies), 0.99)!
    if (p99.low <= 115.1 && (p99.high === null || p99.high >= 115.1)) percentiles++
  }
  expect(means).toBeGreaterThanOrEqual(34)
  expect(percentiles).toBeGreaterThanOrEqual(34)
})

test('requests that follow each other say less than independent ones', () => {
  const queued = latenciesOf(exampleRun({ utilisation: 0.85, measuredMs: 30_000 }))
  const mixed = queued.slice()
  for (let k = 0; k < mixed.length; k++) {
    const other = (k * 7919) % mixed.length
    ;[mixed[k], mixed[other]] = [mixed[other]!, mixed[k]!]
  }
  const width = (values: Float64Array) => meanInterval(values)!.high! - meanInterval(values)!.low
  expect(width(queued)).toBeGreaterThan(2 * width(mixed))
})
