// Documents that were kept, read again: reports, studies that hold reports, and machines. Each report is checked; one that cannot be used
// is a warning, a file without any an error.

import { InputError } from '@whyslow/graph/input-error.ts'
import type { MachineDescription } from '@whyslow/report/documents/machine.ts'
import { isReport, type ReportDocument } from '@whyslow/report/documents/report.ts'
import type { StudyFailure } from '@whyslow/report/documents/study.ts'
import { faultIn, readJson } from '@whyslow/report/saved/saved-document.ts'

const HINT = 'give what whyslow MODEL --json, compare --json or fleet --json wrote'

/** Schemas of documents that hold reports in `reports`. */
const HOLDERS = new Set<unknown>(['whyslow-study/1', 'whyslow-comparison/1'])

/** The reports with a latency in the files, and what studies among them could not measure. Throws InputError if a file holds no report. */
export function readReports(files: readonly string[]): {
  reports: ReportDocument[]
  failures: StudyFailure[]
  warnings: string[]
} {
  const reports: ReportDocument[] = []
  const failures: StudyFailure[] = []
  const warnings: string[] = []
  for (const file of files) {
    const document = readJson(file, { what: file, hint: HINT }) as {
      schema?: unknown
      reports?: unknown
      failures?: unknown
    } | null
    const held = isReport(document?.schema) ? [document] : HOLDERS.has(document?.schema) ? document!.reports : undefined
    if (!Array.isArray(held)) throw new InputError(`${file}: this holds no reports; ${HINT}`)
    const faults = held.map((one) => faultIn('saved-report', one))
    const usable = held.filter((_, i) => faults[i] === undefined) as ReportDocument[]
    const fault = faults.find((one) => one !== undefined)
    if (usable.length === 0)
      throw new InputError(`${file}: no report in it has a latency of a model${fault ? ` (${fault})` : ''}; ${HINT}`)
    if (fault !== undefined)
      warnings.push(`${file}: ${held.length - usable.length} of ${held.length} reports are left out (${fault})`)
    reports.push(...usable)
    if (Array.isArray(document!.failures)) failures.push(...document!.failures.filter(isFailure))
  }
  return { reports, failures, warnings }
}

function isFailure(one: unknown): one is StudyFailure {
  const { model, engine, batch, machine, reason } = (one ?? {}) as Readonly<Record<string, unknown>>
  const isText = (value: unknown): value is string => typeof value === 'string'
  const isOr = (value: unknown, type: string) => value === null || typeof value === type
  return [model, engine, reason].every(isText) && isOr(batch, 'number') && isOr(machine, 'string')
}

/** What `whyslow doctor --json` wrote there. Throws InputError if the file is none, or has no roofs. */
export function readMachineDocument(file: string): MachineDescription {
  const what = `--machine ${file}`
  const hint = 'give what whyslow doctor --json wrote on that machine'
  const document = readJson(file, { what, hint })
  // The machine of a report will do.
  const machine = isReport((document as { schema?: unknown; machine?: unknown } | null)?.schema)
    ? (document as { machine: unknown }).machine
    : document
  const fault = faultIn('saved-machine', machine)
  if (fault !== undefined) throw new InputError(`${what}: this describes no machine (${fault}); ${hint}`)
  const description = machine as MachineDescription
  if (description.roofs.length === 0)
    throw new InputError(`${what}: no roofs were measured there, so nothing can be scaled; ${hint}`)
  return description
}
