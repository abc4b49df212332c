// Runs the rules of pipelines over the evidence; what was measured in place of a saving that was unknown takes its place.
import type { Finding, Verdict } from '@whyslow/diagnosis/rule.ts'
import { runRules } from '@whyslow/diagnosis/run-rules.ts'
import type { PipelineEvidence, Replacement } from './evidence.ts'
import type { PipelineRule } from './rule.ts'

/** A finding of a pipeline, with the replacement that was run, if there is one. */
export interface PipelineFinding extends Finding {
  readonly replacement: Replacement | null
}

/** Verdicts of all rules, in their order; a rule that finds something at several places gives one for each. Never throws. */
export function diagnosePipeline(evidence: PipelineEvidence, rules: readonly PipelineRule[]): Verdict<PipelineFinding>[] {
  return runRules(rules, evidence, evidence).map((one) =>
    one.verdict === 'found' ? { ...one, finding: withReplacement(one.finding, evidence) } : one,
  )
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
