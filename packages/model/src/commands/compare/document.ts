// What was measured of those that take part -> the comparison document.

import { engineOptionsOf } from '@whyslow/command/engine-options.ts'
import { toolVersion } from '@whyslow/command/version.ts'
import { modelFacts } from '@whyslow/graph/facts.ts'
import { inputFacts } from '@whyslow/measure/choose-inputs.ts'
import { traitsOf } from '@whyslow/measure/engines/index.ts'
import type { Machine } from '@whyslow/measure/machine/types.ts'
import { type Agreement, alignOutputs, compareOutputs, lossOf } from '@whyslow/measure/outputs/index.ts'
import { fitLine, p50Interval } from '@whyslow/measure/statistics/index.ts'
import { summarize } from '@whyslow/measure/timing/latency.ts'
import { ratioOf, type SetupRun } from '@whyslow/measure/timing/rounds.ts'
import type { Sweep } from '@whyslow/measure/timing/types.ts'
import { reasonOf } from '@whyslow/measure/trials/port.ts'
import type { ComparisonDocument, Contestant as ContestantRow } from '@whyslow/report/documents/comparison.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { madeUpInputs } from '@whyslow/report/text/answers/likeness.ts'
import { comparisonSentences, errorShare } from '@whyslow/report/text/comparison-sentences.ts'
import { orderOf, rank } from '../../analyze/ranking.ts'
import type { Evidence, OtherEngine } from '../../evidence/evidence.ts'
import { memoryOf } from '../../evidence/gather.ts'
import { assembleReport } from '../assemble-report.ts'
import { engineFacts } from '../engine-facts.ts'
import { agreementRow, weakWarning } from '../fix/fix-report.ts'
import { metricUnder } from '../own-metric.ts'
import { breakEvens, plainPareto } from './choices.ts'
import { type Contestant, type DroppedOut, isSoftware, type OpenedContestants } from './contestants.ts'
import { blocksOf, type ComparisonRun, type ContestantRun, p50Of } from './measure.ts'
import type { CompareOptions } from './options.ts'

/** A process that failed near the end does not undo the ones before. */
const LEAST_BLOCKS = 3
/** Least difference of a cosine: below, the difference is rounding. */
const SAME_LOSS = 1e-6

type Bounds = Pick<ContestantRow['batches'][number], 'p50Ms' | 'ciLowMs' | 'ciHighMs'>

interface Told {
  readonly contestant: Contestant
  readonly measured: ContestantRun | null
  readonly row: ContestantRow
  readonly report: ReportDocument | null
  readonly loss: number | null
}

export interface ComparisonFacts {
  readonly opened: OpenedContestants
  readonly all: ComparisonRun
  readonly machine: Machine
  readonly options: CompareOptions
  /** The models as the user named them. */
  readonly files: readonly string[]
  readonly warnings: readonly string[]
}

export function comparisonOf(facts: ComparisonFacts): ComparisonDocument {
  const { opened, all, options, files } = facts
  const of = files.length > 1 ? 'models' : 'engines'
  const createdAt = new Date().toISOString()
  const measured = all.runs.filter((one) => isMeasured(one))
  const percent = percentOf(measured.length)
  const pairs = pairsOf(measured, all.batches, percent)
  const reference = measured.find(({ contestant }) => contestant === opened.first) ?? measured[0]
  const rows = opened.contestants.map((contestant) =>
    tell(contestant, { ...facts, createdAt, pairs, percent, reference, measured }),
  )
  const reports = rows.flatMap(({ report }) => report ?? [])
  const contestants = rows.map(({ row, report }) => ({
    ...row,
    report: report === null ? null : reports.indexOf(report),
  }))
  const base = pairs.filter(({ batch }) => batch === all.batches[0])
  const ranked = contestants.flatMap(({ id, p50Ms, software }) => (p50Ms === null || software ? [] : [{ id, p50Ms }]))
  const weak = weakWarning(
    contestants.map(({ agreement }) => agreement),
    [opened.first.state.ready.inputs],
  )
  const document: Omit<ComparisonDocument, 'answer' | 'sentences'> = {
    schema: 'whyslow-comparison/1',
    tool: { version: toolVersion },
    createdAt,
    of,
    reference: reference?.contestant.id ?? opened.first.id,
    batch: all.batches[0]!,
    contestants,
    ranking: rank(ranked, base).map((one) => ({ ...one, tiedWith: [...one.tiedWith] })),
    pairs,
    pareto: plainPareto(
      rows.flatMap(({ row, loss }) => (row.p50Ms === null || row.software ? [] : [{ ...row, loss }])),
      base,
      of,
    ),
    breakEven: all.batches.length > 1 ? breakEvens(contestants, pairs) : [],
    notHere: opened.notHere.map(({ id, reason, fix }) => ({ id, reason, fix })),
    reports,
    warnings: [
      ...new Set([
        ...facts.warnings,
        ...opened.contestants.flatMap(({ engine }) => engine?.passedOver ?? []),
        ...opened.first.state.ready.inputs.warnings,
        ...all.runs.flatMap(({ warnings }) => warnings),
        ...(weak === null ? [] : [weak]),
      ]),
    ],
  }
  const madeUp = options.data === null ? madeUpInputs(inputFacts(opened.first.state.ready.inputs)) : null
  const { answer, sentences } = comparisonSentences(document, madeUp)
  return { ...document, answer, sentences }
}

const baseOf = ({ byBatch }: ContestantRun): SetupRun => byBatch.values().next().value!

const isMeasured = (one: ContestantRun): boolean => {
  const { blocks, failure } = baseOf(one)
  const count = blocks.filter((block) => block !== null).length
  return failure === null ? count > 0 : count >= LEAST_BLOCKS
}

/** Chance that any pair of a batch is ranked although neither is faster, percent. */
const FALSELY_APART = 5

/** Level of the interval of one pair among this many contestants, percent, so that all of them hold together (Bonferroni). */
const percentOf = (contestants: number): number => 100 - FALSELY_APART / Math.max(1, (contestants * (contestants - 1)) / 2)

function pairsOf(measured: readonly ContestantRun[], batches: readonly number[], percent: number): ComparisonDocument['pairs'] {
  return batches.flatMap((batch) =>
    measured.flatMap((a, i) =>
      measured.slice(i + 1).flatMap((b) => {
        const ratio = ratioOf(a.byBatch.get(batch)!, b.byBatch.get(batch)!, percent)
        return ratio === null ? [] : [{ a: a.contestant.id, b: b.contestant.id, batch, ...ratio, order: orderOf(ratio) }]
      }),
    ),
  )
}

interface RowFacts extends ComparisonFacts {
  readonly createdAt: string
  readonly pairs: ComparisonDocument['pairs']
  /** Level of the interval of a ratio, percent. */
  readonly percent: number
  readonly reference: ContestantRun | undefined
  readonly measured: readonly ContestantRun[]
}

function tell(contestant: Contestant, facts: RowFacts): Told {
  const measured = facts.all.runs.find((one) => one.contestant === contestant) ?? null
  const out: DroppedOut | null = 'out' in contestant.state ? contestant.state.out : measured && baseOf(measured).failure
  const nothing = unmeasured(contestant, out)
  if (measured === null || !isMeasured(measured)) return { contestant, measured: null, row: nothing, report: null, loss: null }

  const report = reportOf(measured, facts)
  const { latency } = report
  const ratio =
    facts.reference === undefined || facts.reference === measured
      ? null
      : ratioOf(baseOf(facts.reference), baseOf(measured), facts.percent)
  const batches = batchRows(measured, latency!)
  const best = batches.reduce((top, one) => (one.batch / one.p50Ms > top.batch / top.p50Ms ? one : top))
  const { agreement, reason, samples } = agreementOf(measured, facts)
  const own = ownMetric(measured, facts)
  const sweep = batchSweepOf(batches)
  const row: ContestantRow = {
    ...nothing,
    outcome: 'measured',
    reason:
      out === null
        ? null
        : `it failed in round ${baseOf(measured).blocks.lastIndexOf(null) + 1}: ${out.outcome === 'not-here' ? out.reason : reasonOf(out)}`,
    p50Ms: latency!.p50Ms,
    ciLowMs: latency!.ciLowMs,
    ciHighMs: latency!.ciHighMs,
    startMs: latency!.loadMs + latency!.firstMs,
    ratio: ratio?.ratio ?? null,
    ratioLow: ratio?.ratioLow ?? null,
    ratioHigh: ratio?.ratioHigh ?? null,
    samplesPerSecond: (1000 * best.batch) / best.p50Ms,
    atBatch: best.batch,
    batches,
    fit: sweep?.fit ? { fixedMs: sweep.fit.fixedMs, perSampleMs: sweep.fit.perUnitMs } : null,
    transferShare: transferShareOf(measured, latency!.p50Ms),
    keptOnDevice: keptOnDeviceOf(measured),
    macs: macsOf(measured, facts, report),
    agreement: agreement && (agreementRow(agreement) ?? null),
    agreementReason: reason,
    agreementSamples: samples,
    metric: own,
  }
  const told = own === null ? report : { ...report, metric: own }
  return { contestant, measured, row, report: told, loss: lossFor(agreement, measured, facts) }
}

/** What to do about it; null: nothing is known. The time of a software adapter is not the user's to set. */
function fixOf({ engine }: Contestant, out: DroppedOut | null): string | null {
  if (out?.outcome === 'not-here') return out.fix
  if (out?.outcome !== 'timed-out' || isSoftware(engine)) return null
  return `to wait longer: --timeout ${Math.ceil((4 * out.limitMs) / 60_000)}m`
}

const unmeasured = (contestant: Contestant, out: DroppedOut | null): ContestantRow => ({
  id: contestant.id,
  file: contestant.model.source.file,
  engine: contestant.engineId,
  // The document has no word of its own for memory; the reason says it.
  outcome: out === null || out.outcome === 'out-of-memory' ? 'failed' : out.outcome,
  reason: out === null ? null : out.outcome === 'not-here' ? out.reason : reasonOf(out),
  fix: fixOf(contestant, out),
  report: null,
  device: contestant.engine?.device ?? null,
  ...precisionOf(contestant),
  software: isSoftware(contestant.engine),
  p50Ms: null,
  ciLowMs: null,
  ciHighMs: null,
  startMs: null,
  ratio: null,
  ratioLow: null,
  ratioHigh: null,
  samplesPerSecond: null,
  atBatch: null,
  batches: [],
  fit: null,
  transferShare: null,
  keptOnDevice: null,
  sizeBytes: contestant.model.source.sizeBytes,
  macs: null,
  agreement: null,
  agreementReason: null,
  agreementSamples: null,
  metric: null,
})

function precisionOf({ engineId }: Contestant): Pick<ContestantRow, 'precision' | 'runtime'> {
  const traits = traitsOf(engineId)
  return traits.precision === undefined ? {} : traits
}

const transferShareOf = ({ device: { device } }: ContestantRun, p50Ms: number): number | null => {
  if (device === undefined) return null
  if (device.bound) return Math.max(0, 1 - device.bound.ratio)
  return Math.min(1, (device.uploadMs + device.downloadMs) / p50Ms)
}

function keptOnDeviceOf({ device: { device } }: ContestantRun): ContestantRow['keptOnDevice'] {
  if (!device?.bound) return null
  const { ratio, ratioLow, ratioHigh } = device.bound
  return { ratio, ratioLow, ratioHigh }
}

/** The first batch has the latency that the report gives, of one regime of the machine. */
function batchRows({ byBatch }: ContestantRun, { p50Ms, ciLowMs, ciHighMs }: Bounds): ContestantRow['batches'] {
  return [...byBatch].flatMap(([batch, run], at) => {
    if (at === 0) return [{ batch, p50Ms, ciLowMs, ciHighMs }]
    const blocks = blocksOf(run)
    if (blocks.length === 0) return []
    const { low, high } = p50Interval(blocks)
    return [{ batch, p50Ms: p50Of(run), ciLowMs: low, ciHighMs: high }]
  })
}

function batchSweepOf(rows: ContestantRow['batches']): Sweep | null {
  if (rows.length < 2) return null
  const line = fitLine(rows.map(({ batch, p50Ms }) => ({ x: batch, y: p50Ms })))
  return {
    dimension: 'batch',
    unit: 'samples',
    points: [...rows].sort((a, b) => a.batch - b.batch).map(({ batch, ...rest }) => ({ at: batch, ...rest })),
    fit: line ? { fixedMs: line.fixed, perUnitMs: line.perUnit } : null,
    current: rows[0]!.batch,
  }
}

/** The evidence of one of them, as far as a comparison gathers it. */
function evidenceOf(measured: ContestantRun, facts: RowFacts): Evidence {
  const { contestant, profile, device, sizeSweeps, absent, warnings } = measured
  const { machine, options } = facts
  const { inputs, renames } = contestant.state.ready
  const blocks = blocksOf(baseOf(measured))
  const threadsInUse = options.threads || baseOf(measured).threads || inputs.threadsInUse
  const latency = summarize(blocks, threadsInUse, machine)
  const batchSweep = batchSweepOf(batchRows(measured, latency))
  const others = facts.files.length > 1 ? [] : otherEngines(measured, facts)
  return {
    schema: 'whyslow-evidence/1',
    toolVersion,
    createdAt: facts.createdAt,
    machine,
    model: modelFacts(contestant.model),
    graph: contestant.graph,
    inputs: inputFacts(renames === null ? inputs : { ...inputs, source: facts.opened.first.state.ready.inputs.source }),
    outputs: inputs.outputs.map(({ name, type }) => ({ name, dtype: type?.dtype ?? 'not a tensor', shape: type?.shape ?? null })),
    engine: engineFacts(contestant.engineId, contestant.engine!, engineOptionsOf(options, contestant), threadsInUse),
    latency,
    memory: memoryOf({ model: contestant.model, machine }, blocks),
    ...profile,
    ...device,
    ...(batchSweep ? { batchSweep } : {}),
    ...(sizeSweeps.length > 0 ? { sizeSweeps } : {}),
    ...(others.length > 0 ? { otherEngines: others } : {}),
    absent,
    warnings: [...inputs.warnings, ...warnings],
  }
}

function otherEngines(measured: ContestantRun, facts: RowFacts): OtherEngine[] {
  return facts.measured.flatMap((other) => {
    if (other === measured) return []
    const ratio = ratioOf(baseOf(measured), baseOf(other), facts.percent)
    if (ratio === null) return []
    const { id, engine } = other.contestant
    // Outputs are compared with the first one's.
    const differs = measured.contestant === facts.opened.first ? outputsDiffer(other, facts) : null
    return [
      {
        id,
        ...traitsOf(other.contestant.engineId),
        device: engine!.device,
        ...(differs === null ? {} : { differs }),
        software: isSoftware(engine),
        p50Ms: p50Of(baseOf(other)),
        ...ratio,
      },
    ]
  })
}

function outputsDiffer(measured: ContestantRun, facts: RowFacts): number | null {
  const { agreement } = agreementOf(measured, facts)
  return errorShare(agreement && (agreementRow(agreement) ?? null))
}

function reportOf(measured: ContestantRun, facts: RowFacts): ReportDocument {
  const report = assembleReport(evidenceOf(measured, facts), measured.contestant.model.source.file)
  const macs = macsOf(measured, facts, report)
  // The work is the model's, whichever engine was profiled.
  return report.model === null || report.model.macs !== null ? report : { ...report, model: { ...report.model, macs } }
}

function macsOf(measured: ContestantRun, facts: RowFacts, own: ReportDocument): number | null {
  if (own.model?.macs != null) return own.model.macs
  const twin = facts.measured.find(({ contestant, profile }) => contestant.model === measured.contestant.model && profile.profile)
  if (twin === undefined || twin === measured) return null
  return assembleReport(evidenceOf(twin, { ...facts, measured: [] })).model?.macs ?? null
}

function agreementOf(
  measured: ContestantRun,
  { all, opened, options }: RowFacts,
): { agreement: Agreement | null; reason: string | null; samples: number | null } {
  const { outputs, contestant } = measured
  const none = (reason: string) => ({ agreement: null, reason, samples: null })
  if (outputs === null) return none(`it does not take the inputs of ${opened.first.id}, and was fed with its own`)
  if ('reason' in outputs) return none(outputs.reason)
  if (all.reference === null || 'reason' in all.reference)
    return none(`${opened.first.id}: ${all.reference?.reason ?? 'no outputs'}`)
  const both = Math.min(all.reference.samples.length, outputs.samples.length)
  const original = all.reference.samples.slice(0, both)
  const varying = new Set([...all.reference.varying, ...outputs.varying])
  const names = Object.keys(original[0] ?? {}).filter((name) => !varying.has(name))
  if (names.length === 0) return none('its outputs differ from one prediction to the next')
  const given = alignOutputs(original, outputs.samples.slice(0, both))
  // The library of a file gives predictions alone, and the graph that is made of it margins, too.
  const isSameModel = contestant.model.source.file === opened.first.model.source.file
  const shared = isSameModel ? names.filter((name) => Object.hasOwn(given[0] ?? {}, name)) : names
  const left = shared.length === 0 ? [] : names.filter((name) => !shared.includes(name))
  const agreement = compareOutputs(original, given, {
    labels: all.judged.labels?.slice(0, original.length),
    metric: options.metric,
    graph: opened.first.graph,
    outputs: shared.length === 0 ? names : shared,
  })
  if (agreement.mismatch !== null) return { agreement, reason: agreement.mismatch, samples: null }
  if (contestant === opened.first) return { agreement, reason: null, samples: null }
  const samples = original.length
  const without = left.length === 0 ? '' : `, without ${left.join(', ')}, which it does not give`
  return { agreement, reason: `on ${samples === 1 ? 'one sample' : `${samples} samples`}${without}`, samples }
}

/** Metric of its own outputs under the labels, whatever the first one's look like. */
function ownMetric({ outputs, contestant }: ContestantRun, { all, options }: RowFacts): ContestantRow['metric'] {
  const { labels } = all.judged
  if (labels === null || outputs === null || 'reason' in outputs) return null
  return metricUnder(outputs.samples, labels, { metric: options.metric, graph: contestant.graph })
}

function lossFor(agreement: Agreement | null, measured: ContestantRun, { opened }: RowFacts): number | null {
  if (measured.contestant === opened.first) return 0
  if (agreement === null) return null
  const { loss } = lossOf({ ...agreement, metric: null })
  return Number.isFinite(loss) ? (loss < SAME_LOSS ? 0 : loss) : null
}
