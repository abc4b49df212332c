// The history that outlives a run and a machine: PostgreSQL for many machines,
// a SQLite file for one.

import { InputError } from '@whyslow/graph/input-error.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { faultIn } from '@whyslow/report/saved/saved-document.ts'
import { addressName } from '@whyslow/report/text/addresses.ts'
import type { SharedStore, StoredRow } from './trial-store.ts'

const isPostgres = (where: string): boolean => /^postgres(ql)?:\/\//.test(where)

const sqliteFile = (where: string): string | undefined => {
  if (where.startsWith('sqlite:')) return where.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '')
  return !/^[a-z][a-z0-9+.-]*:\/\//i.test(where) && /\.(sqlite3?|db)$/i.test(where) ? where : undefined
}

/** True of what names a store, rather than a document. */
export const isStore = (where: string): boolean => isPostgres(where) || sqliteFile(where) !== undefined

/** Name of the store without passwords. */
export const storeName = addressName

/** `make`: a file, or the table in a database, that is not there yet is made. `flag`: how it was named. Throws InputError if the store cannot be used. */
export async function openStore(where: string, { make = false, flag = '--store' } = {}): Promise<SharedStore> {
  const named = `${flag} ${storeName(where)}`
  const file = sqliteFile(where)
  if (file !== undefined) return (await import('./sqlite-store.ts')).openSqlite(file, { make, named })
  if (isPostgres(where)) return (await import('./postgres-store.ts')).openPostgres(where, { make, named })
  throw new InputError(`${named}: give a PostgreSQL, as in postgres://user@host/database, or a file, as in results.sqlite`)
}

/** How many of those left out a warning names. */
const NAMED = 5

type UseReport = (report: ReportDocument, trial: string) => void

/**
 * Hands each report of a store to `use`, oldest first, a few in memory at a time. What is no report of a latency is left out, and named in the
 * warnings that are returned. Throws InputError if the store cannot be used.
 */
export async function readEachStored(where: string, use: UseReport, flag?: string): Promise<string[]> {
  const store = await openStore(where, flag === undefined ? {} : { flag })
  try {
    return await eachReport(store.rows(), use)
  } finally {
    await store.close()
  }
}

/** As `readEachStored`, of rows as they are in a store. */
export async function eachReport(rows: AsyncIterable<StoredRow>, use: UseReport): Promise<string[]> {
  const named: string[] = []
  let left = 0
  for await (const { trial, report } of rows) {
    const fault = faultIn('saved-report', report)
    if (fault === undefined) use(withoutSignature(report as ReportDocument), trial)
    else if (++left <= NAMED) named.push(`${JSON.stringify(trial)} (${fault})`)
  }
  if (left === 0) return []
  const more = left > NAMED ? ` and ${left - NAMED} more` : ''
  return [`left out, since they hold no report of a latency: trial ${named.join(', ')}${more}`]
}

/** An agent's signature stands in what it keeps, and is none of the report. */
function withoutSignature(report: ReportDocument & { readonly fleetSignature?: unknown }): ReportDocument {
  const { fleetSignature: _, ...rest } = report
  return rest
}

/** All that a store holds, oldest first, and what is to be warned of. Throws InputError if it cannot be used. */
export async function storedReports(where: string): Promise<{ reports: ReportDocument[]; warnings: string[] }> {
  const reports: ReportDocument[] = []
  const warnings = await readEachStored(where, (report) => reports.push(report))
  return { reports, warnings: warnings.map((warning) => `${storeName(where)}: ${warning}`) }
}
