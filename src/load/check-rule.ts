// The test helper of rules of load.
import { checkerOf } from '../diagnosis/check-rule.ts'
import { runRules } from '../diagnosis/run-rules.ts'
import type { LoadEvidence, LoadRule } from './rule.ts'

export * from './example-evidence.ts'

export const checkRule = checkerOf(
  (given: LoadEvidence, rule: LoadRule) => runRules([rule], given),
  () => undefined,
)
