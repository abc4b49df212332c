// The history that outlives a run and a machine: PostgreSQL for many machines,
// a SQLite file for one.
import { InputError } from '../../graph/input-error.ts'
import type { ReportDocument } from '../../report/documents/report.ts'
import type { SharedStore } from './trial-store.ts'

const isPostgres = (where: string): boolean => /^postgres(ql)?:\/\//.test(where)

const sqliteFile = (where: string): string | undefined => {
  if (where.startsWith('sqlite:')) return where.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '')
  return !/^[a-z][a-z0-9+.-]*:\/\//i.test(where) && /\.(sqlite3?|db)$/i.test(where) ? where : undefined
}

/** True of what names a store, rather than a document. */
export const isStore = (where: string): boolean => isPostgres(where) || sqliteFile(where) !== undefined

/** Without the password. */
export const storeName = (where: string): string => (isPostgres(where) ? where.replace(/:[^:@/]*@/, '@') : where)

/** `make`: a file, or the table in a database, that is not there yet is made. `flag`: how it was named. Throws InputError where the store cannot be used. */
export async function openStore(where: string, { make = false, flag = '--store' } = {}): Promise<SharedStore> {
  const named = `${flag} ${storeName(where)}`
  const file = sqliteFile(where)
  if (file !== undefined) return (await import('./sqlite-store.ts')).openSqlite(file, { make, named })
  if (isPostgres(where)) return (await import('./postgres-store.ts')).openPostgres(where, { make, named })
  throw new InputError(`${named}: give a PostgreSQL, as in postgres://user@host/database, or a file, as in results.sqlite`)
}

/** All that a store holds, oldest first. Throws InputError where it cannot be used. */
export async function storedReports(where: string, flag?: string): Promise<ReportDocument[]> {
  const store = await openStore(where, flag === undefined ? {} : { flag })
  try {
    return await store.reports()
  } finally {
    await store.close()
  }
}
