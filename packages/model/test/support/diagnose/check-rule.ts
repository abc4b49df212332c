// The test helper of rules of models.

import { runRules } from '@whyslow/diagnosis/run-rules.ts'
import { checkerOf } from '@whyslow/diagnosis/support/check-rule.ts'
import type { AnalyzedEvidence } from '../../../src/analyze/analyzed-evidence.ts'
import type { ModelRule } from '../../../src/diagnose/rule.ts'

export * from './example-evidence.ts'

export const checkRule = checkerOf(
  (given: AnalyzedEvidence, rule: ModelRule) => runRules([rule], given),
  ({ latency }) => latency?.p50Ms,
)
