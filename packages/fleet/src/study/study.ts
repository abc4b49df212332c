// Reports of models on machines -> the study: rows models, columns machines, each cell a report. The same cell measured twice counts once,
// the latest. Ratios are of two independent measurements: their interval is what the two intervals allow, which is wide and holds.
import { documentHead } from '@whyslow/command/version.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { machineKey } from '@whyslow/measure/machine/key.ts'
import { plural } from '@whyslow/measure/statistics/numbers.ts'
import { inputsOf } from '@whyslow/report/documents/history.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { StudyCell, StudyDocument, StudyFailure, StudyMachine, StudyRow } from '@whyslow/report/documents/study.ts'
import { matchesPattern } from './fits.ts'
import { classOf } from './machine-class.ts'
import { compareIntervals, studyPareto, timesOf } from './pareto.ts'
import { studySentences } from './sentences.ts'

export interface StudyGiven {
  readonly reports: readonly ReportDocument[]
  readonly failures: readonly StudyFailure[]
  readonly warnings: readonly string[]
  /** Per hour, by a pattern of machine ids or classes with *; the first that fits counts. */
  readonly prices: ReadonlyMap<string, number>
  /** A pattern of the machine that ratios are to; null: the one with most cells, then the first. */
  readonly reference: string | null
}

/** Throws nothing: what has no latency is left out. */
export function studyOf({ reports: given, failures, warnings, prices, reference }: StudyGiven): StudyDocument {
  const reports = latestOfEach(
    given.filter(({ latency, model, engine }) => latency !== null && model !== null && engine !== null),
  )
  const machines = unique(reports.map((report) => machineOf(report, prices)))
  const rowKeys = [...new Set(reports.map(rowKey))]
  const cellsOf = (id: string) => reports.filter((report) => machineId(report) === id).length
  const byCells = [...machines].sort((a, b) => cellsOf(b.id) - cellsOf(a.id))
  const told =
    reference === null
      ? undefined
      : machines.find((one) => matchesPattern(reference, one.id) || matchesPattern(reference, one.class))
  const at = (told ?? byCells[0])?.id ?? null
  const rows = rowKeys.map((key): StudyRow => {
    const own = reports.filter((report) => rowKey(report) === key)
    const there = own.find((report) => machineId(report) === at)
    const [first] = own as [ReportDocument, ...ReportDocument[]]
    return {
      model: first.model!.file,
      sha256: first.model!.sha256,
      engine: first.engine!.id,
      engineVersion: first.engine!.version,
      batch: batchOf(first),
      inputs: inputsOf(first.model!.inputs),
      cells: withFront(
        machines.map((machine) => {
          const report = own.find((one) => machineId(one) === machine.id)
          return report === undefined
            ? unmeasured(machine, failureOf(first, machine, failures))
            : cellOf({ report, there, machine, reports })
        }),
      ),
    }
  })
  const pareto = studyPareto(rows)
  const table = { reference: at, rows, ...(pareto === null ? {} : { pareto }) }
  const sentences = studySentences(table, machines, reports)
  return {
    ...documentHead('whyslow-study/1'),
    answer: answerOf({ rows, machines, failures, sentences }),
    reports,
    machines,
    failures,
    table,
    sentences,
    warnings,
  }
}

/** Samples in a prediction: the first size of the first input, where an output has as many too; else it is a size of one sample. null: not known. */
function batchOf({ model }: ReportDocument): number | null {
  const size = model?.inputs[0]?.shape[0]
  if (size === undefined) return null
  return size === 1 || model!.outputs.some(({ shape }) => shape?.[0] === size) ? size : null
}

/** Key of a row: the same model with the same inputs on the same version of the same engine. */
export const rowKey = ({ model, engine }: ReportDocument): string =>
  [model!.sha256, engine!.id, engine!.version, inputsOf(model!.inputs)].join(' ')

function machineId(report: ReportDocument): string {
  const { threads } = report.engine?.options ?? {}
  const ends = typeof threads === 'number' ? `-t${threads}` : ''
  return `${classOf(report)}-${machineKey(report.machine).slice(0, 6)}${ends}`
}

function machineOf(report: ReportDocument, prices: ReadonlyMap<string, number>): StudyMachine {
  const { cpu, usableCpus, quotaCpus } = report.machine
  if (usableCpus === null)
    throw new InputError('a recording of another tool does not name its machine, and cannot be part of a study')
  const id = machineId(report)
  const name = classOf(report)
  const price = [...prices].find(([pattern]) => matchesPattern(pattern, id) || matchesPattern(pattern, name))?.[1] ?? null
  const { threads } = report.engine!.options
  return {
    id,
    class: name,
    key: machineKey(report.machine),
    cpu,
    usableCpus,
    quotaCpus,
    threads: threads ?? null,
    pricePerHour: price,
  }
}

const unique = (machines: readonly StudyMachine[]): StudyMachine[] => [...new Map(machines.map((one) => [one.id, one])).values()]

function latestOfEach(reports: readonly ReportDocument[]): ReportDocument[] {
  const inTime = [...reports].sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt))
  return [...new Map(inTime.map((report) => [`${rowKey(report)} ${machineId(report)}`, report])).values()]
}

interface CellGiven {
  readonly report: ReportDocument
  /** The same on the reference machine. */
  readonly there: ReportDocument | undefined
  readonly machine: StudyMachine
  readonly reports: readonly ReportDocument[]
}

const MS_PER_HOUR = 3.6e6

function cellOf({ report, there, machine, reports }: CellGiven): StudyCell {
  const { p50Ms, ciLowMs, ciHighMs, trust } = report.latency!
  const to = there?.latency ?? null
  const { pricePerHour } = machine
  const samples = batchOf(report) ?? 1
  return {
    machine: machine.id,
    report: reports.indexOf(report),
    ...{ p50Ms, ciLowMs, ciHighMs, trust },
    ratio: to === null ? null : to.p50Ms / p50Ms,
    ratioLow: to === null ? null : report === there ? 1 : to.ciLowMs / ciHighMs,
    ratioHigh: to === null ? null : report === there ? 1 : to.ciHighMs / ciLowMs,
    samplesPerSecond: (1000 * samples) / p50Ms,
    metric: report.metric ?? null,
    costPerMillion: pricePerHour === null ? null : ((p50Ms * 1e6) / samples / MS_PER_HOUR) * pricePerHour,
    onFront: null,
    reason: null,
  }
}

const unmeasured = (machine: StudyMachine, reason: string): StudyCell => ({
  machine: machine.id,
  report: null,
  ...{ p50Ms: null, ciLowMs: null, ciHighMs: null, trust: null },
  ...{ ratio: null, ratioLow: null, ratioHigh: null, samplesPerSecond: null, metric: null, costPerMillion: null, onFront: null },
  reason,
})

/** Marks the front of latency and cost, among cells that have both, as far as their intervals tell them apart. */
function withFront(cells: readonly StudyCell[]): StudyCell[] {
  const beats = (one: StudyCell, other: StudyCell): boolean => {
    const costOf = ({ costPerMillion, p50Ms }: StudyCell) => costPerMillion! / p50Ms!
    const compared = [
      compareIntervals(timesOf(one, 1), timesOf(other, 1)),
      compareIntervals(timesOf(one, costOf(one)), timesOf(other, costOf(other))),
    ]
    return compared.includes(-1) && !compared.includes(1)
  }
  const priced = cells.filter(({ p50Ms, costPerMillion }) => p50Ms !== null && costPerMillion !== null)
  return cells.map((cell) =>
    priced.includes(cell) ? { ...cell, onFront: !priced.some((one) => one !== cell && beats(one, cell)) } : cell,
  )
}

/** A failure tells the machine, with threads or before they were told, and the batch that was requested. What failed on a machine failed on its accelerators, too. */
function failureOf(of: ReportDocument, machine: StudyMachine, failures: readonly StudyFailure[]): string {
  const isThere = (name: string | null) => name === machine.id || name?.endsWith(`-${machine.key.slice(0, 6)}`) === true
  const isSo = ({ model, engine, batch, machine: name }: StudyFailure) =>
    model === of.model!.file && engine === of.engine!.id && isThere(name) && (batch === null || batch === batchOf(of))
  return failures.find(isSo)?.reason ?? 'not measured there'
}

interface AnswerGiven {
  readonly rows: readonly StudyRow[]
  readonly machines: readonly StudyMachine[]
  readonly failures: readonly StudyFailure[]
  readonly sentences: readonly string[]
}

function answerOf({ rows, machines, failures, sentences }: AnswerGiven): string {
  if (rows.length === 0) return 'Nothing was measured.'
  const models = new Set(rows.map(({ sha256 }) => sha256)).size
  const lost = failures.length === 0 ? '' : `; ${failures.length} could not be measured`
  const head = `${plural(models, 'model')} on ${plural(machines.length, 'machine')}: ${plural(rows.length, 'row')}${lost}.`
  return [head, ...sentences.slice(0, 1)].join(' ')
}
