// The lines of the user's own files that a report names, each with a few around it, so that the report can show them where the files are not.
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'

type Sources = NonNullable<NonNullable<ReportDocument['pipeline']>['sources']>
type Named = { readonly file: string; readonly line: number }

const AROUND = 2
/** A line that a machine wrote is cut. */
const MOST_LETTERS = 300
/** Most lines named, the hottest and the first found: a report is not a copy of the source. */
const MOST_NAMED = 60

/** Text of a file as it was run; null: it is not to be had. */
export type ReadSource = (file: string) => string | null

/** Sources in the order in which files are first named; lines ascending, each once. Files that cannot be read are left out. */
export function sourceLines(named: readonly Named[], read: ReadSource): Sources {
  const byFile = new Map<string, Set<number>>()
  for (const { file, line } of named.slice(0, MOST_NAMED)) {
    const wanted = byFile.get(file) ?? new Set<number>()
    for (let at = line - AROUND; at <= line + AROUND; at++) wanted.add(at)
    byFile.set(file, wanted)
  }
  return [...byFile].flatMap(([file, wanted]) => {
    const lines = read(file)?.split(/\r\n|\n|\r/)
    if (lines === undefined) return []
    // What follows the last line end is no line.
    if (lines.at(-1) === '') lines.pop()
    const kept = [...wanted].filter((at) => at >= 1 && at <= lines.length).sort((a, b) => a - b)
    return kept.length === 0 ? [] : [{ file, lines: kept.map((at) => ({ line: at, text: shortened(lines[at - 1]!) })) }]
  })
}

const shortened = (text: string): string => {
  if (text.length <= MOST_LETTERS) return text
  const cut = text.slice(0, MOST_LETTERS)
  // Never half a character.
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`
}

const CODE = new Set(['.py', '.js', '.mjs', '.cjs', '.jsx', '.ts', '.mts', '.cts', '.tsx'])
const MOST_BYTES = 5_000_000

/** Reads code that has not changed since `startedMs` (of the system's clock): other lines than those that ran would mislead. */
export const sourceSince =
  (startedMs: number): ReadSource =>
  (file) => {
    try {
      const stat = statSync(file)
      if (!CODE.has(path.extname(file).toLowerCase()) || !stat.isFile()) return null
      return stat.size > MOST_BYTES || stat.mtimeMs > startedMs ? null : readFileSync(file, 'utf8')
    } catch {
      return null
    }
  }
