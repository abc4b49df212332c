// The test helper of rules of pipelines.
import { checkerOf } from '@whyslow/diagnosis/support/check-rule.ts'
import { diagnosePipeline } from '../../src/diagnose.ts'
import type { PipelineEvidence } from '../../src/evidence.ts'
import type { PipelineRule } from '../../src/rule.ts'

export * from './example-pipeline.ts'

export const checkRule = checkerOf(
  (given: PipelineEvidence, rule: PipelineRule) => diagnosePipeline(given, [rule]),
  ({ latency }) => latency?.p50Ms,
)
