// The text of the history: JSON lines. A line that a crash cut off, that another program wrote or that a newer whyslow wrote costs that
// line and a warning, never the rest.

import { jsonValue } from '@whyslow/graph/json.ts'
import type { HistoryEntry } from '@whyslow/report/documents/history.ts'
import { faultIn } from '@whyslow/report/saved/saved-document.ts'

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
    const value = jsonValue(line)
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

const isNewer = (value: unknown): boolean => {
  const { schema } = (value ?? {}) as { readonly schema?: unknown }
  return typeof schema === 'string' && /^whyslow-history\/\d+$/.test(schema) && schema !== 'whyslow-history/1'
}

function isEntry(value: unknown): value is HistoryEntry {
  return faultIn('history-entry', value) === undefined && !Number.isNaN(Date.parse((value as HistoryEntry).savedAt))
}
