// What `fix` found, as the report document says it.
import { engineById } from '@whyslow/measure/engines/index.ts'
import { boundOf } from '@whyslow/measure/outputs/index.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { TrialRow } from '@whyslow/report/documents/trial-row.ts'
import { fixAnswer } from '@whyslow/report/text/fix-answer.ts'
import type { Goal, RemedySetup } from '../../remedies/kit/remedy.ts'
import { nameOf } from '../../tune/candidates.ts'
import type { SearchOutcome } from '../../tune/search.ts'
import type { TriedRemedy } from '../../tune/tried-remedy.ts'
import type { FixOptions } from './options.ts'
import type { TuneResult } from './precision.ts'

/** The diagnosis with the trials, what they came to, and the sentence that says so. */
export function withTrials(
  diagnosis: ReportDocument,
  found: TuneResult,
  options: FixOptions,
  shipped: string | null,
): ReportDocument {
  const { quantization, preprocessing, conversion } = found
  const trials = [
    ...(conversion === undefined ? [] : [conversion]),
    ...found.tried.map((one) => trialRow(one, options.goal)),
    ...(preprocessing === undefined ? [] : [trialRow(preprocessing.row, 'latency')]),
  ]
  const fixSection = fixOf(diagnosis, found, options, shipped)
  const answer = options.dryRun ? dryRunAnswer(diagnosis.answer, found) : fixAnswer(fixSection, trials)
  const weak = weakWarning(
    trials.map(({ agreement }) => agreement),
    diagnosis.model?.inputs ?? [],
  )
  const warnings = [weak, found.caveat].filter((one) => one !== null).concat(diagnosis.warnings)
  return { ...diagnosis, answer, trials, warnings, fix: fixSection, ...(quantization ? { quantization } : {}) }
}

const dryRunAnswer = (answer: string, { untried }: SearchOutcome): string =>
  untried.length > 0 ? `${answer} Would try: ${untried.join(', ')}.` : `${answer} No remedy applies.`

const unitOf = (goal: Goal): 'ms' | 'bytes' => (goal === 'memory' || goal === 'size' ? 'bytes' : 'ms')

/** What the goal is about, of the original as it was diagnosed. */
function diagnosed({ latency, memory, model }: ReportDocument, goal: Goal): number {
  const known = {
    latency: latency?.p50Ms,
    throughput: latency?.p50Ms,
    'load-time': latency === null ? undefined : latency.loadMs + latency.firstMs,
    memory: memory?.predictPeakBytes,
    size: model?.sizeBytes,
  }[goal]
  return known ?? 0
}

function fixOf(diagnosis: ReportDocument, found: SearchOutcome, { goal, dryRun }: FixOptions, shipped: string | null) {
  const { proof, kept, setup, untried } = found
  const proven = kept.length > 0
  const judgement = proof?.judgement ?? null
  const before = judgement?.before ?? diagnosed(diagnosis, goal)
  return {
    goal,
    unit: unitOf(goal),
    before,
    after: proven ? judgement!.after : before,
    speedup: proven ? judgement!.speedup : 1,
    speedupLow: proven ? judgement!.speedupLow : 1,
    speedupHigh: proven ? judgement!.speedupHigh : 1,
    proven,
    kept: kept.map(nameOf),
    changes: kept.flatMap(({ proposal }) => proposal.changes),
    outputs: proven ? proof!.outputs.reason : 'outputs are the original’s',
    ...(proven && proof!.outputs.open && { openLoss: proof!.outputs.open }),
    // A dry run leaves all of them, and not for want of time.
    untried: dryRun ? [] : untried,
    shipped,
    machineBound: setup.machineBound,
    ...(setup.engine && setup.engine.cut === undefined ? { engine: engineRow(setup.engine) } : {}),
  }
}

const engineRow = ({ id, version }: NonNullable<RemedySetup['engine']>) => ({
  id,
  version,
  precision: engineById(id)?.precision ?? null,
})

/** A row of the report. */
export function trialRow({ judgement, ...one }: TriedRemedy, goal: Goal): TrialRow {
  // In the unit of the speed-up that they belong to: a sample of a batch, a start.
  const inMs = unitOf(goal) === 'ms'
  return {
    remedies: one.remedies,
    name: one.name,
    outcome: one.outcome,
    kept: one.kept,
    reason: one.reason,
    beforeMs: inMs ? (judgement?.before ?? null) : null,
    afterMs: inMs ? (judgement?.after ?? null) : null,
    speedup: judgement?.speedup ?? null,
    speedupLow: judgement?.speedupLow ?? null,
    speedupHigh: judgement?.speedupHigh ?? null,
    pairs: judgement?.pairs ?? null,
    predictedSpeedup: one.predictedSpeedup,
    lookedSpeedup: one.lookedSpeedup,
    refused: one.refused ?? null,
    took: one.took,
    changes: one.changes,
    agreement: agreementRow(one.agreement),
    sizeBytes: finite(one.sizeBytes),
    peakBytes: judgement?.peakBytes ?? null,
  }
}

export function agreementRow(agreement: TriedRemedy['agreement']): TrialRow['agreement'] {
  if (agreement === null || agreement.mismatch !== null) return null
  const { maxAbs, cosine, sqnrDb, equal, top1, selections, heads, peaks, weak } = agreement
  const metric = agreement.metric && {
    name: agreement.metric.name,
    before: agreement.metric.before,
    after: agreement.metric.after,
  }
  const bound = boundOf(agreement)
  const loss = bound && { rows: bound.rows, largest: bound.largestLoss }
  const told = { ...(selections && { selections }), ...(heads && { heads }), ...(peaks && { peaks }), ...(weak && { weak }) }
  return { maxAbs, cosine, sqnrDb, equal, top1, metric, ...(loss && { loss }), ...told }
}

/** Outputs named in a warning. */
const MOST_NAMED = 3

/** Said once for all candidates: whatever they change, the original decides nothing there. */
export function weakWarning(
  agreements: readonly (Pick<NonNullable<TrialRow['agreement']>, 'weak'> | null)[],
  inputs: readonly { readonly source: string }[],
): string | null {
  const weak = new Map(agreements.flatMap((one) => one?.weak ?? []).map(({ output, why }) => [output, why]))
  if (weak.size === 0) return null
  const named = [...weak].slice(0, MOST_NAMED).map(([output, why]) => `'${output}' ${why}`)
  const more = weak.size > MOST_NAMED ? ` (and ${weak.size - MOST_NAMED} more)` : ''
  const own = inputs.some(({ source }) => source === 'synthetic') ? 'inputs like your own' : 'more varied inputs'
  return `weak comparison on these inputs: ${named.join('; ')}${more}. Give ${own}: --data PATH`
}

const finite = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null)
