// The test helper of rules of load.
import { checkerOf } from '../diagnose/check-rule.ts'
import { runRules } from '../diagnose/run-rules.ts'
import type { LoadEvidence, LoadRule } from './rule.ts'

export * from './example-evidence.ts'

export const checkRule = checkerOf((given: LoadEvidence, rule: LoadRule) => runRules([rule], given))
