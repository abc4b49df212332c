// Runs the rules over the evidence, and puts what they found in order. One rule's failure is one verdict; the others go on.
import type { AnalyzedEvidence, EvidenceKey } from '../analyze/analyzed-evidence.ts'
import type { Finding, Given, Outcome, Rule, Verdict } from './rule.ts'
import { allRules } from './rules/index.ts'

/** What is diagnosed: evidence of any kind, with why parts of it are missing. */
export type Diagnosed = Partial<AnalyzedEvidence> & Pick<AnalyzedEvidence, 'absent'>

/** Of a trace only its own rules are asked, and those of no measurement. */
const rulesFor = ({ trace }: Diagnosed): readonly Rule[] =>
  allRules.filter(({ needs }) => needs.includes('trace') === (trace !== undefined))

/** One verdict per rule, in the order of the rules. Never throws. A rule is given the evidence it declares and no more. */
export function diagnose(evidence: Diagnosed, rules: readonly Rule[] = rulesFor(evidence)): Verdict[] {
  return rules.map((rule) => verdictOf(rule, evidence))
}

/** Findings of the verdicts: largest saving first, then the notes (saving 0), largest time first. Ties keep the rules' order. */
export function rank(verdicts: readonly Verdict[]): Finding[] {
  return verdicts
    .flatMap((verdict) => (verdict.verdict === 'found' ? [verdict.finding] : []))
    .sort((a, b) => b.wouldSaveMs - a.wouldSaveMs || b.timeMs - a.timeMs)
}

function verdictOf(rule: Rule, evidence: Diagnosed): Verdict {
  const missing = rule.needs.find((key) => evidence[key] === undefined)
  if (missing !== undefined) {
    return { verdict: 'not-checked', rule: rule.id, reason: evidence.absent[missing] ?? `no ${missing} in the evidence` }
  }
  let outcome: Outcome
  try {
    outcome = rule.check(pick(evidence, [...rule.needs, ...(rule.wants ?? [])]))
  } catch (error) {
    return { verdict: 'failed', rule: rule.id, reason: error instanceof Error ? error.message : String(error) }
  }
  if (outcome === 'clear' || outcome === 'does-not-apply') return { verdict: outcome, rule: rule.id }
  if ('notChecked' in outcome) {
    const told = outcome.missing === undefined ? undefined : evidence.absent[outcome.missing]
    return { verdict: 'not-checked', rule: rule.id, reason: told ?? outcome.notChecked }
  }
  const stated = { rule: rule.id, area: rule.area, title: rule.title, nodes: [], places: [] }
  return { verdict: 'found', rule: rule.id, finding: { ...stated, ...outcome } }
}

/** The declared keys that are there. */
function pick(evidence: Diagnosed, keys: readonly EvidenceKey[]): Given<EvidenceKey, EvidenceKey> {
  return Object.fromEntries(keys.map((key) => [key, evidence[key]])) as unknown as Given<EvidenceKey, EvidenceKey>
}
