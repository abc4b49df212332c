// Runs rules of any kind over their evidence, and puts what they found in order. One rule's failure is one verdict; the others go on.
import type { Finding, Outcome, RuleFinding, Verdict, WithAbsent } from './rule.ts'

/** What the runner reads of a rule. */
interface Runnable<Given> {
  readonly id: string
  readonly area: Finding['area']
  readonly title: string
  readonly languages?: readonly string[]
  readonly needs: readonly PropertyKey[]
  readonly wants?: readonly PropertyKey[]
  readonly after?: readonly string[]
  readonly coveredBy?: readonly string[]
  check(given: Given): Outcome<PropertyKey>
}

/**
 * Verdicts of all rules, in their order; a rule that finds something at several places gives one for each, and one whose cause another rule
 * reports gives none. Never throws. A rule is given the evidence it declares, and `free`, which none has to declare.
 */
export function runRules<R extends Runnable<never>>(
  rules: readonly R[],
  evidence: WithAbsent & { readonly language?: string },
  free: object = {},
): Verdict[] {
  const verdicts = rules.flatMap((rule) => verdictsOf(rule, evidence, free))
  const found = new Set(verdicts.flatMap((one) => (one.verdict === 'found' ? [one.rule] : [])))
  const covered = new Set(rules.filter(({ coveredBy = [] }) => coveredBy.some((id) => found.has(id))).map(({ id }) => id))
  return verdicts.filter(({ verdict, rule }) => verdict !== 'clear' || !covered.has(rule))
}

/** A known saving of nine tenths of a time counts as large as that time: two runs of one program differ by as much. */
const AS_LARGE = 0.9

/** Size by which findings are ranked: the saving, or the time if the saving is not known, or what it is at most. */
const sizeOf = ({ wouldSaveMs, atMostMs, timeMs }: Pick<Finding, 'wouldSaveMs' | 'atMostMs' | 'timeMs'>): number =>
  wouldSaveMs ?? Math.min(AS_LARGE * timeMs, atMostMs ?? Number.POSITIVE_INFINITY)

/** The least share of a saving that was timed with a cure in place which that cure itself can save, for its finding to stand before the saving's. */
const LEAST_OF_LATER = 0.03

/** Whose cure comes before others however little it saves: results differ without it. */
const CHANGES_RESULTS = 'training-mode'

/**
 * Findings of the verdicts: largest saving first. One whose saving is unknown ranks by its time or by the most that it can save, after those
 * that are known to save as much. Then the notes (saving 0), largest time first. Ties keep the rules' order. A finding whose saving was timed
 * with the cures of others in place stands behind them, unless they save next to nothing: on its own it may save less.
 */
export function rank<F extends Finding>(verdicts: readonly Verdict<F>[]): F[] {
  const sorted = verdicts
    .flatMap((verdict) => (verdict.verdict === 'found' ? [verdict.finding] : []))
    .sort(
      (a, b) => sizeOf(b) - sizeOf(a) || Number(a.wouldSaveMs === null) - Number(b.wouldSaveMs === null) || b.timeMs - a.timeMs,
    )
  const isFirst = (before: F, later: F) => {
    if (!later.after?.includes(before.rule) || before.wouldSaveMs === 0 || later.wouldSaveMs === 0) return false
    const most = before.wouldSaveMs ?? before.atMostMs ?? Number.POSITIVE_INFINITY
    return before.rule === CHANGES_RESULTS || most > LEAST_OF_LATER * sizeOf(later)
  }
  return [...new Set(sorted.flatMap((one) => [...sorted.filter((before) => isFirst(before, one)), one]))]
}

/** Rules that could not tell, with the reason. */
export const notChecked = (verdicts: readonly Verdict[]): { rule: string; reason: string }[] =>
  verdicts.flatMap((one) => {
    if (one.verdict === 'failed') return [{ rule: one.rule, reason: `the rule failed, which is a bug: ${one.reason}` }]
    return one.verdict === 'not-checked' ? [{ rule: one.rule, reason: one.reason }] : []
  })

/** Ids of the rules with this verdict. */
export const rulesWith = (verdict: 'clear' | 'does-not-apply', verdicts: readonly Verdict[]): string[] =>
  verdicts.flatMap((one) => (one.verdict === verdict ? [one.rule] : []))

function verdictsOf<R extends Runnable<never>>(
  rule: R,
  evidence: WithAbsent & { readonly language?: string },
  free: object,
): Verdict[] {
  const { id, area, title, languages, needs, wants = [], after } = rule
  if (languages !== undefined && !languages.includes(evidence.language ?? '')) return [{ verdict: 'does-not-apply', rule: id }]
  const evidenceOf = (key: PropertyKey): unknown => evidence[key as keyof typeof evidence]
  const missing = needs.find((key) => evidenceOf(key) === undefined)
  const whyNo = (key: PropertyKey): string | undefined => evidence.absent[String(key)]
  if (missing !== undefined)
    return [{ verdict: 'not-checked', rule: id, reason: whyNo(missing) ?? `no ${String(missing)} in the evidence` }]
  let outcome: Outcome<PropertyKey>
  try {
    outcome = rule.check({ ...free, ...Object.fromEntries([...needs, ...wants].map((key) => [key, evidenceOf(key)])) } as never)
  } catch (error) {
    return [{ verdict: 'failed', rule: id, reason: error instanceof Error ? error.message : String(error) }]
  }
  if (outcome === 'clear' || outcome === 'does-not-apply') return [{ verdict: outcome, rule: id }]
  if ('notChecked' in outcome) {
    const why = outcome.missing === undefined ? undefined : whyNo(outcome.missing)
    return [{ verdict: 'not-checked', rule: id, reason: why ?? outcome.notChecked }]
  }
  const all = 'detail' in outcome ? [outcome] : eachPlaceOnce(outcome)
  if (all.length === 0) return [{ verdict: 'clear', rule: id }]
  const stated = { rule: id, area, title, nodes: [], places: [], next: null, ...(after === undefined ? {} : { after }) }
  return all.map((found) => ({ verdict: 'found', rule: id, finding: { ...stated, ...found } }))
}

/** Keeps the larger of two findings of one rule at one place. */
function eachPlaceOnce(all: readonly RuleFinding[]): readonly RuleFinding[] {
  const largest = new Map<string, RuleFinding>()
  for (const one of all) {
    const [first] = one.places ?? []
    const place = first === undefined ? '' : `${first.file}:${first.line}`
    const known = largest.get(place)
    if (known === undefined || sizeOf(one) > sizeOf(known)) largest.set(place, one)
  }
  return [...largest.values()]
}
