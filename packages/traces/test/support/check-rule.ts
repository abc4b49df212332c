// The test helper of rules of recordings.

import { runRules } from '@whyslow/diagnosis/run-rules.ts'
import { checkerOf } from '@whyslow/diagnosis/support/check-rule.ts'
import type { TraceEvidence, TraceRule } from '../../src/rule.ts'

export * from './example-facts.ts'

export const checkRule = checkerOf(
  (given: TraceEvidence, rule: TraceRule) => runRules([rule], given),
  ({ trace }) => trace.window.stepMs,
)
