// The test helper of rules of generation.
import { runRules } from '@whyslow/diagnosis/run-rules.ts'
import { checkerOf } from '@whyslow/diagnosis/support/check-rule.ts'
import type { GenerationEvidence } from '../../src/facts.ts'
import { callMsOf, type GenerationRule } from '../../src/rule.ts'

export * from './example-evidence.ts'

export const checkRule = checkerOf(
  (given: GenerationEvidence, rule: GenerationRule) => runRules([rule], given),
  // A wait in a queue is longer than a call alone.
  (given) => (given.speed === undefined || given.setup === undefined ? undefined : callMsOf(given)),
)
