// Runs the rules of pipelines over the evidence; what was measured in place of a saving that was unknown takes its place.
import type { Finding, Verdict } from '@whyslow/diagnosis/rule.ts'
import { runRules } from '@whyslow/diagnosis/run-rules.ts'
import type { PipelineEvidence, Replacement } from './evidence.ts'
import type { AlternativeFact } from './facts.ts'
import { lies } from './hot.ts'
import type { PipelineRule } from './rule.ts'

/** A finding of a pipeline, with the replacement that was run, if there is one. */
export interface PipelineFinding extends Finding {
  readonly replacement: Replacement | null
}

/** Verdicts of all rules, in their order; a rule that finds something at several places gives one for each. Never throws. */
export function diagnosePipeline(evidence: PipelineEvidence, rules: readonly PipelineRule[]): Verdict<PipelineFinding>[] {
  const verdicts = runRules(rules, evidence, evidence)
  const found = verdicts.flatMap((one) => (one.verdict === 'found' ? [one.finding] : []))
  const replaced = evidence.alternatives.filter((way) =>
    found.some(({ rule, places }) => rule === way.rule && places.some((place) => isAt(way, place))),
  )
  return verdicts.map((one) =>
    one.verdict === 'found' ? { ...one, finding: withReplacement(behindReplaced(one.finding, replaced), evidence) } : one,
  )
}

/** What nobody tried in lines that another way, timed in turns, replaces whole: that way comes first, and leaves nothing of it. */
function behindReplaced(finding: Finding, replaced: readonly AlternativeFact[]): Finding {
  const { places, wouldSaveMs, basis, after = [] } = finding
  if ((wouldSaveMs !== null && basis === 'measured') || places.length === 0) return finding
  const whole = replaced.filter(({ file, line, endLine = line }) =>
    places.every((place) => lies(place, { file, line, endLine }) && endLine > line),
  )
  return whole.length === 0 ? finding : { ...finding, after: [...after, ...whole.map(({ rule }) => rule)] }
}

function withReplacement(finding: Finding, { replacements }: PipelineEvidence): PipelineFinding {
  const { rule, places, timeMs, savingUnknown: _, atMostMs: __, ...rest } = finding
  const replacement = replacements.find((one) => one.rule === rule && places.some((place) => isAt(one, place))) ?? null
  if (replacement === null) return { ...finding, replacement }
  // The ratio was measured, in turns, of one run of the place; it may run several times a prediction, at another pace.
  const wouldSaveMs = timeMs * Math.max(0, 1 - 1 / replacement.factor)
  return { ...rest, rule, places, timeMs, wouldSaveMs, basis: 'measured', replacement }
}

const isAt = (a: { file: string; line: number }, b: { file: string; line: number }): boolean =>
  a.file === b.file && a.line === b.line
