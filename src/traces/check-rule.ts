// The test helper of rules of recordings.
import { checkerOf } from '../diagnosis/check-rule.ts'
import { runRules } from '../diagnosis/run-rules.ts'
import type { TraceEvidence, TraceRule } from './rule.ts'

export * from './example-facts.ts'

export const checkRule = checkerOf(
  (given: TraceEvidence, rule: TraceRule) => runRules([rule], given),
  ({ trace }) => trace.window.stepMs,
)
