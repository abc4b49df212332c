// The test helper of rules of pipelines.
import { checkerOf } from '../diagnosis/check-rule.ts'
import { diagnosePipeline } from './diagnose.ts'
import type { PipelineEvidence } from './evidence.ts'
import type { PipelineRule } from './rule.ts'

export * from './example-pipeline.ts'

export const checkRule = checkerOf(
  (given: PipelineEvidence, rule: PipelineRule) => diagnosePipeline(given, [rule]),
  ({ latency }) => latency?.p50Ms,
)
