// The test helper of rules of models.
import type { AnalyzedEvidence } from '../analyze/analyzed-evidence.ts'
import { checkerOf } from '../diagnosis/check-rule.ts'
import { runRules } from '../diagnosis/run-rules.ts'
import type { ModelRule } from './rule.ts'

export * from './example-evidence.ts'

export const checkRule = checkerOf(
  (given: AnalyzedEvidence, rule: ModelRule) => runRules([rule], given),
  ({ latency }) => latency?.p50Ms,
)
