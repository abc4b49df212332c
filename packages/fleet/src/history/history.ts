// Results that last: a local file of JSON lines, one a measurement that was saved, appended to and never rewritten.
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { hashOfFile } from '@whyslow/measure/machine/files.ts'
import { dataFolder } from '@whyslow/measure/machine/folders.ts'
import { machineKey } from '@whyslow/measure/machine/key.ts'
import type { ComparisonDocument } from '@whyslow/report/documents/comparison.ts'
import { type HistoryDocument, type HistoryEntry, inputsOf } from '@whyslow/report/documents/history.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { readEachStored, storeName } from '../store/store.ts'
import { parseHistory } from './history-lines.ts'

const historyFile = (): string => path.join(dataFolder(), 'history.jsonl')

/** Throws InputError if entries cannot be kept; so that this is known before anything is measured. Leaves an empty file at most. */
export function checkHistory(file = historyFile()): void {
  closeSync(opened(file))
}

/** Throws InputError if the file cannot be written. Entries of processes that append at once stay whole lines. */
export function appendHistory(entries: readonly HistoryEntry[], file = historyFile()): void {
  if (entries.length === 0) return
  const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
  const descriptor = opened(file)
  try {
    // One write of O_APPEND: the lines of one process stand together.
    writeSync(descriptor, endsInLine(descriptor) ? text : `\n${text}`)
  } catch (error) {
    throw unwritable(file, error)
  } finally {
    closeSync(descriptor)
  }
}

function opened(file: string): number {
  try {
    mkdirSync(path.dirname(file), { recursive: true })
    return openSync(file, 'a+')
  } catch (error) {
    throw unwritable(file, error)
  }
}

const unwritable = (file: string, error: unknown): InputError => {
  const { code } = error as NodeJS.ErrnoException
  return new InputError(`--save: ${file} cannot be written (${code ?? String(error)}); set XDG_DATA_HOME to a folder that can`)
}

/** A write that was cut off must not swallow the next line. */
function endsInLine(descriptor: number): boolean {
  const { size } = fstatSync(descriptor)
  if (size === 0) return true
  const last = Buffer.alloc(1)
  readSync(descriptor, last, 0, 1, size - 1)
  return last[0] === 0x0a
}

/**
 * Everything that was saved, or of one model: entries of that content (by hash) and of that path. Throws InputError if the history
 * is there and cannot be read. Lines that are damaged are warnings.
 */
export async function readHistory(model: string | null = null, file = historyFile()): Promise<HistoryDocument> {
  const { entries, warnings } = parseHistory(textOf(file))
  const document = { schema: 'whyslow-history/1' as const, file, warnings }
  if (model === null) return { ...document, entries }
  const own = path.resolve(model)
  const sha256 = existsSync(model) ? await hashOf(model) : null
  return { ...document, entries: entries.filter((entry) => entry.model.sha256 === sha256 || entry.model.path === own) }
}

/** As `readHistory`, of a store: of one model, what has its content or its name, since machines keep it in other folders. */
export async function readStore(where: string, model: string | null = null): Promise<HistoryDocument> {
  const entries: HistoryEntry[] = []
  const warnings = await readEachStored(where, (report, trial) => {
    const entry = entryOf(report)
    // A path of another machine is none of this one.
    if (entry !== null) entries.push({ ...entry, trial, model: { ...entry.model, path: report.model!.file } })
  })
  const document = { schema: 'whyslow-history/1' as const, file: storeName(where), warnings }
  if (model === null) return { ...document, entries }
  const name = path.basename(model)
  const sha256 = existsSync(model) ? await hashOf(model) : null
  const isMeant = (entry: HistoryEntry) => entry.model.sha256 === sha256 || path.basename(entry.model.path) === name
  return { ...document, entries: entries.filter(isMeant) }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return ''
    throw new InputError(`${file} cannot be read (${code}); move it away, or set XDG_DATA_HOME to another folder`)
  }
}

async function hashOf(file: string): Promise<string> {
  try {
    return await hashOfFile(file)
  } catch (error) {
    throw new InputError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}); name a model file`)
  }
}

/** What is kept of a report; null if it has no model, engine or latency. */
export function entryOf(report: ReportDocument, metric: HistoryEntry['metric'] = metricIn(report)): HistoryEntry | null {
  const { model, engine, latency, machine } = report
  if (model === null || engine === null || latency === null) return null
  const { usableCpus } = machine
  if (usableCpus === null) return null
  return {
    schema: 'whyslow-history/1',
    savedAt: report.createdAt,
    model: { path: path.resolve(model.file), sha256: model.sha256, sizeBytes: model.sizeBytes },
    machine: { key: machineKey({ ...machine, usableCpus }), cpu: machine.cpu, usableCpus },
    engine: { id: engine.id, version: engine.version, device: engine.device, threads: engine.options.threads },
    inputs: inputsOf(model.inputs),
    latency: {
      p50Ms: latency.p50Ms,
      ciLowMs: latency.ciLowMs,
      ciHighMs: latency.ciHighMs,
      trust: latency.trust,
      processes: latency.blocks.length,
    },
    metric,
    whyslow: report.tool.version,
  }
}

const metricIn = ({ metric }: ReportDocument): HistoryEntry['metric'] =>
  metric == null ? null : { name: metric.name, value: metric.value }

/** One for each contestant that was measured. */
export const entriesOf = ({ contestants, reports }: ComparisonDocument): HistoryEntry[] =>
  contestants.flatMap(({ report, metric }) => {
    const kept = metric === null ? null : { name: metric.name, value: metric.value }
    return report === null ? [] : (entryOf(reports[report]!, kept) ?? [])
  })
