// Runs the rules of pipelines over the evidence; what was measured in place of a saving that was only modelled takes its place.
import type { Finding, Verdict } from '../diagnose/rule.ts'
import type { PipelineEvidence, Replacement } from './evidence.ts'
import type { PipelineFound, PipelineOutcome, PipelineRule } from './rule.ts'

/** A finding of a pipeline, with the replacement that was run, where there is one. */
export interface PipelineFinding extends Finding {
  readonly replacement: Replacement | null
}

export type PipelineVerdict =
  | Exclude<Verdict, { readonly verdict: 'found' }>
  | { readonly verdict: 'found'; readonly rule: string; readonly finding: PipelineFinding }

/** Verdicts of all rules, in their order; a rule that finds something at several places gives one for each. Never throws. */
export function diagnosePipeline(evidence: PipelineEvidence, rules: readonly PipelineRule[]): PipelineVerdict[] {
  return rules.flatMap((rule) => verdictsOf(rule, evidence))
}

/** Largest saving first, then the notes, largest time first. */
export function rankFindings(verdicts: readonly PipelineVerdict[]): PipelineFinding[] {
  return verdicts
    .flatMap((verdict) => (verdict.verdict === 'found' ? [verdict.finding] : []))
    .sort((a, b) => b.wouldSaveMs - a.wouldSaveMs || b.timeMs - a.timeMs)
}

function verdictsOf(rule: PipelineRule, evidence: PipelineEvidence): PipelineVerdict[] {
  if (!rule.languages.includes(evidence.language)) return [{ verdict: 'does-not-apply', rule: rule.id }]
  const missing = rule.needs.find((key) => evidence[key] === undefined)
  if (missing !== undefined) {
    return [{ verdict: 'not-checked', rule: rule.id, reason: evidence.absent[missing] ?? `no ${missing} in the evidence` }]
  }
  let outcome: PipelineOutcome
  try {
    outcome = rule.check(evidence)
  } catch (error) {
    return [{ verdict: 'failed', rule: rule.id, reason: error instanceof Error ? error.message : String(error) }]
  }
  if (outcome === 'does-not-apply') return [{ verdict: 'does-not-apply', rule: rule.id }]
  if ('notChecked' in outcome) return [{ verdict: 'not-checked', rule: rule.id, reason: outcome.notChecked }]
  if (outcome.length === 0) return [{ verdict: 'clear', rule: rule.id }]
  return eachPlaceOnce(outcome).map((found) => ({ verdict: 'found', rule: rule.id, finding: findingOf(rule, found, evidence) }))
}

/** Of what one rule finds at one place twice, the larger. */
function eachPlaceOnce(all: readonly PipelineFound[]): readonly PipelineFound[] {
  const placeOf = ({ places: [first] }: PipelineFound) => (first === undefined ? '' : `${first.file}:${first.line}`)
  const largest = new Map<string, PipelineFound>()
  for (const one of all) {
    const known = largest.get(placeOf(one))
    if (known === undefined || one.wouldSaveMs > known.wouldSaveMs) largest.set(placeOf(one), one)
  }
  return [...largest.values()]
}

function findingOf(rule: PipelineRule, found: PipelineFound, { replacements }: PipelineEvidence): PipelineFinding {
  const { id, area, title } = rule
  const replacement = replacements.find((one) => one.rule === id && found.places.some((place) => isAt(one, place))) ?? null
  // The ratio was measured, in turns, of one run of the place; it may run several times a prediction, at another pace.
  const measured =
    replacement === null
      ? {}
      : { wouldSaveMs: found.timeMs * Math.max(0, 1 - 1 / replacement.factor), basis: 'measured' as const }
  return { rule: id, area, title, nodes: [], next: null, ...found, ...measured, replacement }
}

const isAt = (a: { file: string; line: number }, b: { file: string; line: number }): boolean =>
  a.file === b.file && a.line === b.line
