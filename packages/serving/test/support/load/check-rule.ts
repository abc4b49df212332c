// The test helper of rules of load.

import { runRules } from '@whyslow/diagnosis/run-rules.ts'
import { checkerOf } from '@whyslow/diagnosis/support/check-rule.ts'
import type { LoadEvidence, LoadRule } from '../../../src/load/rule.ts'

export * from './example-evidence.ts'

export const checkRule = checkerOf(
  (given: LoadEvidence, rule: LoadRule) => runRules([rule], given),
  () => undefined,
)
