// The text of the history: JSON lines. A line that a crash cut off, that another program wrote or that a newer whyslow wrote costs that
// line and a warning, never the rest.
import type { HistoryEntry } from '../../report/documents/history.ts'

export interface ParsedHistory {
  /** Oldest first. */
  readonly entries: readonly HistoryEntry[]
  readonly warnings: readonly string[]
}

/** How many lines a warning names. */
const NAMED = 5

/** Never throws. */
export function parseHistory(text: string): ParsedHistory {
  const entries: HistoryEntry[] = []
  const damaged: number[] = []
  const newer: number[] = []
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const value = parseLine(line)
    if (isEntry(value)) entries.push(value)
    else if (isNewer(value)) newer.push(at + 1)
    else damaged.push(at + 1)
  }
  const warnings = [
    ...(damaged.length > 0 ? [`left out of the history, since they cannot be read: ${linesOf(damaged)}`] : []),
    ...(newer.length > 0 ? [`left out of the history, since a newer whyslow wrote them: ${linesOf(newer)}`] : []),
  ]
  return { entries: entries.sort((a, b) => Date.parse(a.savedAt) - Date.parse(b.savedAt)), warnings }
}

function linesOf(lines: readonly number[]): string {
  if (lines.length === 1) return `line ${lines[0]}`
  const more = lines.length > NAMED ? ` and ${lines.length - NAMED} more` : ''
  return `lines ${lines.slice(0, NAMED).join(', ')}${more}`
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

const isNewer = (value: unknown): boolean => {
  const schema = record(value)?.schema
  return typeof schema === 'string' && /^whyslow-history\/\d+$/.test(schema) && schema !== 'whyslow-history/1'
}

type Kind = 'string' | 'number' | 'positive' | 'number?'

/** What must be there, and of which kind. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  model: { path: 'string', sha256: 'string', sizeBytes: 'number' },
  machine: { key: 'string', cpu: 'string', usableCpus: 'number' },
  engine: { id: 'string', version: 'string', device: 'string', threads: 'number?' },
  latency: { p50Ms: 'positive', ciLowMs: 'positive', ciHighMs: 'positive', trust: 'string', processes: 'number' },
}

function isEntry(value: unknown): value is HistoryEntry {
  const entry = record(value)
  if (entry?.schema !== 'whyslow-history/1') return false
  if (typeof entry.savedAt !== 'string' || Number.isNaN(Date.parse(entry.savedAt))) return false
  if (typeof entry.inputs !== 'string' || typeof entry.whyslow !== 'string' || !isMetric(entry.metric)) return false
  return Object.entries(FIELDS).every(([name, fields]) => {
    const part = record(entry[name])
    return part !== undefined && Object.entries(fields).every(([field, kind]) => is(part[field], kind))
  })
}

function isMetric(value: unknown): boolean {
  if (value === null) return true
  const metric = record(value)
  return metric !== undefined && is(metric.name, 'string') && is(metric.value, 'number')
}

function is(value: unknown, kind: Kind): boolean {
  if (kind === 'string') return typeof value === 'string'
  if (kind === 'number?' && value === null) return true
  return typeof value === 'number' && Number.isFinite(value) && (kind !== 'positive' || value > 0)
}

const record = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
