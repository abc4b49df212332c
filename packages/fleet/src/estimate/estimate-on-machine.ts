// An estimate of the latency on a machine of which only `whyslow doctor --json` is known, with its interval and its grade; replaced by a
// measurement if one is known.
import { machineOf } from '@whyslow/command/limits.ts'
import { DEFAULTS, type WhyOptions } from '@whyslow/command/options.ts'
import { documentHead } from '@whyslow/command/version.ts'
import type { Why } from '@whyslow/command/why-port.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { machineKey } from '@whyslow/measure/machine/key.ts'
import { significant, timeWithInterval } from '@whyslow/measure/statistics/numbers.ts'
import type { EstimateDocument } from '@whyslow/report/documents/foretold.ts'
import type { MachineDescription } from '@whyslow/report/documents/machine.ts'
import type { ReportDocument, ReportEngine } from '@whyslow/report/documents/report.ts'
import type { SavedReport } from '@whyslow/report/documents/saved-report.ts'
import { readMachineDocument, readReports } from '../study/read-documents.ts'
import { rowKey } from '../study/study.ts'
import { estimate } from './estimate.ts'
import { canScale, familiesOf, knownPairs, type Spread, spreadOf, threadChange, threadsOf } from './known.ts'

export interface EstimateOptions extends WhyOptions {
  /** What `whyslow doctor --json` wrote on the machine in question. */
  readonly machine: string
  /** Reports and studies of machines that are known. */
  readonly known: readonly string[]
}

/** Throws InputError if the machine is not described, or nothing that was measured reports about it; and as `why` does. */
export async function estimateOnMachine(
  file: string,
  { machine: machineFile, known: knownFiles, ...given }: Partial<WhyOptions> & Pick<EstimateOptions, 'machine' | 'known'>,
  { why }: { readonly why: Why },
): Promise<EstimateDocument> {
  const there = readMachineDocument(machineFile)
  const known = knownFiles.length === 0 ? { reports: [], failures: [], warnings: [] } : readReports(knownFiles)
  const threads = given.threads ?? threadsAsThere(there, machineOf(given.trials ?? DEFAULTS.trials).usableCpus)
  const { report } = await why(file, { ...DEFAULTS, ...given, threads })
  return estimateDocument({ report, there, known: known.reports, warnings: known.warnings })
}

/** How a model spreads over threads is best measured: with as many as there, where this machine has more. null: the engine's choice. */
export function threadsAsThere({ roofs }: Pick<MachineDescription, 'roofs'>, usableCpus: number): number | null {
  const { threads } = roofs[0]!
  return threads < usableCpus ? threads : null
}

export interface EstimatePorts {
  readonly report: ReportDocument
  readonly there: MachineDescription
  readonly known: readonly ReportDocument[]
  readonly warnings: readonly string[]
}

/** Throws InputError if it cannot be told. */
export function estimateDocument({ report, there, known, warnings }: EstimatePorts): EstimateDocument {
  const { latency, engine, model } = report
  if (latency === null || engine === null) throw new InputError('nothing was measured here, so nothing can be estimated')
  const { p50Ms, ciLowMs, ciHighMs } = latency
  const { engine: thereEngine, warnings: _, ...to } = there
  // Other threads are another set-up of the same machine.
  const threadsThere = there.roofs[0]!.threads
  const isThere = (one: ReportDocument) =>
    machineKey(one.machine) === machineKey(there) && (threadsOf(one) ?? threadsThere) === threadsThere
  const same = known
    .filter((one) => rowKey(one) === rowKey(report) && isThere(one))
    .reduce<ReportDocument | undefined>(
      (last, one) => (last && Date.parse(last.createdAt) >= Date.parse(one.createdAt) ? last : one),
      undefined,
    )
  const told = same === undefined ? estimated(report, there, known) : measured(same)
  const notes = [...told.notes, ...engineNotes(engine, thereEngine), ...warnings]
  const document = {
    ...documentHead('whyslow-foretold/1'),
    model,
    engine,
    from: report.machine,
    to,
    here: { p50Ms, ciLowMs, ciHighMs },
    there: told.there,
    parts: told.parts,
    known: told.known,
    notes,
  }
  return { ...document, answer: answerOf(document) }
}

type Told = Pick<EstimateDocument, 'there' | 'parts' | 'known' | 'notes'>

function measured({ latency }: ReportDocument): Told {
  const { p50Ms, ciLowMs, ciHighMs, trust } = latency!
  const there = { basis: 'measured' as const, p50Ms, lowMs: ciLowMs, highMs: ciHighMs, grade: trust }
  return {
    there,
    parts: [],
    known: null,
    notes: ['a known document has this model on that machine: it is measured, not estimated'],
  }
}

/** Pairs from which a grade is more than C, and how close they must be. */
const MANY_PAIRS = 20
const SOME_PAIRS = 8
const CLOSE = 0.1
/** Beyond, a grade is C. */
const USABLE = 0.3

/** Pairs whose threads changed in another way say little of this one. */
function gradeOf({ pairs, medianError, isAlike }: Spread): 'A' | 'B' | 'C' {
  if (!isAlike || pairs < SOME_PAIRS || medianError > USABLE) return 'C'
  return pairs >= MANY_PAIRS && medianError <= CLOSE ? 'A' : 'B'
}

function estimated(report: ReportDocument, there: MachineDescription, known: readonly ReportDocument[]): Told {
  if (!canScale(report))
    throw new InputError(
      `no times of operators and roofs were measured with ${report.engine!.id}, so nothing can be scaled; take ort-cpu`,
    )
  const pairs = knownPairs(known, report.engine!.id)
  const families = familiesOf(report.machine, there)
  const [from, to] = families.split(' to ')
  if (from !== to && !pairs.some((pair) => pair.families === families))
    throw new InputError(`nothing was ever measured both on ${from} and on ${to}; give reports that were, with --known`)
  const { p50Ms, lowMs, highMs, parts, notes } = estimate(report as SavedReport, there)
  const threadsHere = threadsOf(report)
  const threadsThere = there.roofs[0]!.threads
  const alike = pairs.filter((pair) => pair.families === families)
  const spread = spreadOf(alike, threadChange(threadsHere, threadsThere))
  if (spread === null) {
    const bounds =
      'no machines are known to judge this by (--known): the interval holds if no part does better or worse than its roofs'
    const ends = { lowMs: Math.min(lowMs, p50Ms), highMs: Math.max(highMs, p50Ms) }
    return { there: { basis: 'estimated', p50Ms, ...ends, grade: 'D' }, parts, known: null, notes: [...notes, bounds] }
  }
  const { bias, factor, medianError, pairs: judged } = spread
  const then = p50Ms * bias
  return {
    there: { basis: 'estimated', p50Ms: then, lowMs: then / factor, highMs: then * factor, grade: gradeOf(spread) },
    parts: parts.map((part) => ({ ...part, thereMs: part.thereMs * bias })),
    known: { pairs: judged, medianError },
    notes: [...notes, ...biasNotes(bias, judged)],
  }
}

function biasNotes(bias: number, pairs: number): string[] {
  const times = significant(bias, 2)
  return Number(times) === 1
    ? []
    : [
        `known machines took ${times} times what their roofs said, in the middle of ${pairs} pairs: the estimate is multiplied by it`,
      ]
}

function engineNotes(here: ReportEngine, there: ReportEngine | null): string[] {
  if (there === null || (there.id === here.id && there.version === here.version)) return []
  return [`roofs there are of ${there.id} ${there.version}, here of ${here.id} ${here.version}`]
}

function answerOf({ here, there, to }: Pick<EstimateDocument, 'here' | 'there' | 'to'>): string {
  const time = timeWithInterval(there.p50Ms, there.lowMs, there.highMs)
  const now = timeWithInterval(here.p50Ms, here.ciLowMs, here.ciHighMs)
  const how = there.basis === 'measured' ? 'was measured to take' : 'is estimated to take'
  return `A prediction ${how} ${time} on ${to.cpu} with ${to.usableCpus} CPUs; here it takes ${now}.`
}
