// What of its timing a pipeline's report gives: the same numbers, by the same rules, as the report of a model.

import { EXAMPLE_MACHINE } from '@whyslow/command/support/example-trials.ts'
import { expect, test } from 'vitest'
import { examplePipeline } from '../../../test/support/example-pipeline.ts'
import { pipelineReport } from './pipeline-report.ts'

function latencyOf(calls: number, processesMs: readonly number[], ends: readonly [number, number] = [9.9, 10.1]) {
  const samplesMs = Array.from({ length: calls }, (_, k) => k + 1)
  const [ciLowMs, ciHighMs] = ends
  const { latency, ...rest } = examplePipeline()
  const evidence = { ...rest, latency: { ...latency, samplesMs, processesMs, ciLowMs, ciHighMs } }
  return pipelineReport(evidence, EXAMPLE_MACHINE, { reason: 'no session' }, () => null).latency!
}

test('percentiles are estimates with upper bounds, from as many calls as they take', () => {
  expect(latencyOf(100, [10, 10, 10])).toMatchObject({ p90Ms: 90, p95Ms: null, p99Ms: null, p99UpperMs: null })
  expect(latencyOf(662, [10, 10, 10])).toMatchObject({ p99Ms: 656, p99UpperMs: 661 })
})

test('trust is that of a model: five processes, a narrow interval, and calls enough', () => {
  const five = [10, 10, 10, 10, 10]
  expect(latencyOf(100, five)).toMatchObject({ trust: 'A', reasons: [] })
  expect(latencyOf(100, [10, 10, 10])).toMatchObject({
    trust: 'B',
    reasons: ['the median is from only 3 processes; 5 are needed for a good grade'],
  })
  expect(latencyOf(29, five)).toMatchObject({ trust: 'B', reasons: ['only 29 calls were timed'] })
  expect(latencyOf(100, five, [8, 12])).toMatchObject({ trust: 'D', reasons: ['processes vary by ±20 % around the median'] })
  expect(latencyOf(1, [10], [10, 10])).toMatchObject({
    trust: 'D',
    reasons: [
      'only one call was timed',
      'only one process was measured, so the interval does not cover differences between processes',
      'only 1 call was timed',
    ],
  })
})
