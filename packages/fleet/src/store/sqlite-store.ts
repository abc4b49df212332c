// The history of one machine in a SQLite file, by the SQLite that comes with Node 22.13 and newer: no package, and any tool reads it.
// https://nodejs.org/api/sqlite.html
import { existsSync } from 'node:fs'
import { InputError } from '@whyslow/graph/input-error.ts'
import { jsonValue } from '@whyslow/graph/json.ts'
import { NO_TABLE, rowOf, type SharedStore } from './trial-store.ts'

/** What a query gives: the columns that it selects. */
interface SqliteRow {
  readonly trial: string
  readonly report: string
}

/** What is used of it; the types of Node 20 do not have it. */
interface Database {
  exec(sql: string): void
  prepare(sql: string): { run(...values: unknown[]): unknown; all(...values: unknown[]): SqliteRow[] }
  close(): void
}

/** A writer waits this long for another, ms. */
const BUSY_MS = 10_000

const TABLE = `create table if not exists whyslow_trials (
  trial text primary key,
  created_at text not null,
  machine text not null,
  model_sha256 text not null,
  engine text not null,
  p50_ms real not null,
  report text not null
)`

/** True where this Node has one. */
export const hasSqlite = (): boolean => sqliteOfNode() !== undefined

/** `make`: the file may not be there yet. `named`: what messages call it. Throws InputError if it cannot be used. */
export function openSqlite(file: string, { make, named }: { readonly make: boolean; readonly named: string }): SharedStore {
  const DatabaseSync = sqliteOfNode()
  if (DatabaseSync === undefined)
    throw new InputError(
      `${named}: SQLite comes with Node 22.13 and newer, and this is ${process.version}; take a newer Node, or PostgreSQL`,
    )
  if (!make && !existsSync(file))
    throw new InputError(`${named}: there is no such file; whyslow fleet run MODEL --store ${file} makes it`)
  const db = said(named, () => new DatabaseSync(file))
  try {
    said(named, () => {
      db.exec(`pragma busy_timeout = ${BUSY_MS}`)
      if (make) db.exec(TABLE)
    })
    // Who only reads leaves a database of others as it is.
    if (!make && !said(named, () => hasTable(db))) throw new InputError(`${named}: ${NO_TABLE}`)
  } catch (error) {
    db.close()
    throw error
  }
  return {
    async find(trial) {
      return said(named, () => db.prepare('select report from whyslow_trials where trial = ?').all(trial).map(parsed)[0])
    },
    async insertIfAbsent(trial, report) {
      const { createdAt, machine, modelSha256, engine, p50Ms } = rowOf(report)
      const values = [trial, createdAt, machine, modelSha256, engine, p50Ms, JSON.stringify(report)]
      said(named, () => db.prepare('insert or ignore into whyslow_trials values (?, ?, ?, ?, ?, ?, ?)').run(...values))
    },
    async *rows() {
      const all = said(named, () => db.prepare('select trial from whyslow_trials order by created_at, trial').all())
      const one = said(named, () => db.prepare('select report from whyslow_trials where trial = ?'))
      for (const { trial } of all) yield { trial, report: said(named, () => one.all(trial)).map(parsed)[0] }
    },
    async close() {
      db.close()
    },
  }
}

/** null: no JSON, which others wrote there. */
const parsed = ({ report }: SqliteRow): unknown => jsonValue(report) ?? null

const hasTable = (db: Database): boolean =>
  db.prepare("select 1 from sqlite_master where type = 'table' and name = 'whyslow_trials'").all().length > 0

function said<T>(named: string, use: () => T): T {
  try {
    return use()
  } catch (error) {
    throw new InputError(`${named}: SQLite cannot use it (${(error as Error).message}); check the path and the rights`)
  }
}

function sqliteOfNode(): (new (file: string) => Database) | undefined {
  const { emitWarning } = process
  // Node says of each new part that it is experimental, which is no news for who measures a model.
  process.emitWarning = () => {}
  try {
    const found = process.getBuiltinModule?.('node:sqlite') as
      | { readonly DatabaseSync: new (file: string) => Database }
      | undefined
    return found?.DatabaseSync
  } finally {
    process.emitWarning = emitWarning
  }
}
