// Verdicts of the rules of models and of traces.
import type { AnalyzedEvidence } from '../analyze/analyzed-evidence.ts'
import type { Verdict } from '../diagnosis/rule.ts'
import { runRules } from '../diagnosis/run-rules.ts'
import type { ModelRule } from './rule.ts'
import { allRules } from './rules/index.ts'

/** What is diagnosed: evidence of any kind, with why parts of it are missing. */
export type Diagnosed = Partial<AnalyzedEvidence> & Pick<AnalyzedEvidence, 'absent'>

/** Of a trace only its own rules are asked, and those of no measurement. */
const rulesFor = ({ trace }: Diagnosed): readonly ModelRule[] =>
  allRules.filter(({ needs }) => needs.includes('trace') === (trace !== undefined))

/** One verdict per rule, in the order of the rules. Never throws. A rule is given the evidence it declares and no more. */
export function diagnose(evidence: Diagnosed, rules: readonly ModelRule[] = rulesFor(evidence)): Verdict[] {
  return runRules(rules, evidence)
}
