// What a store keeps: append-only, one row a trial, inserted if it is absent.
import { createHash } from 'node:crypto'
import { machineKey } from '@whyslow/measure/machine/key.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'

export interface TrialStore {
  /** The report as it is there, which others can have written: `faultIn` tells. undefined: not there yet. */
  find(trial: string): Promise<unknown>
  insertIfAbsent(trial: string, report: ReportDocument): Promise<void>
}

export interface StoredRow {
  readonly trial: string
  /** As it is there. */
  readonly report: unknown
}

export interface SharedStore extends TrialStore {
  /** All that is there, oldest first. A few reports are in memory at a time: those of a large fleet would not fit. */
  rows(): AsyncIterable<StoredRow>
  close(): Promise<void>
}

/** As JSON. PostgreSQL holds no NUL in a text, and a model's names may have one. */
export const withoutNul = (report: ReportDocument): string =>
  JSON.stringify(report, (_, value: unknown) => (typeof value === 'string' ? value.replaceAll('\0', '\uFFFD') : value))

/** Message about a database that is read. */
export const NO_TABLE = 'it has no table whyslow_trials, so that no trial was kept there; give another'

/** What a row holds in addition to the report, for those who ask the database itself. */
export interface TrialRow {
  readonly createdAt: string
  readonly machine: string
  readonly modelSha256: string
  readonly engine: string
  readonly p50Ms: number
}

/** The row of a report that has a model, an engine and a latency: agents store no other. */
export const rowOf = ({ createdAt, machine, model, engine, latency }: ReportDocument): TrialRow => ({
  createdAt,
  machine: machineKey(machine),
  modelSha256: model!.sha256,
  engine: engine!.id,
  p50Ms: latency!.p50Ms,
})

/** Trial of what was measured without a queue: each measurement is a trial of its own, and another version of an engine measures another. */
export function trialOf(report: ReportDocument): string {
  const { createdAt, machine, model, engine } = report
  const { id, version, options } = engine!
  const what = [createdAt, machineKey(machine), model!.sha256, id, version, JSON.stringify(options), model!.inputs]
  return createHash('sha256').update(JSON.stringify(what)).digest('hex')
}
