// The history that machines share, in PostgreSQL by the package pg, an optional one.

import { InputError } from '@whyslow/graph/input-error.ts'
import { importOptional } from '@whyslow/measure/engines/optional-package.ts'
import { withoutPasswords } from '@whyslow/report/text/addresses.ts'
import type * as Pg from 'pg'
import { NO_TABLE, rowOf, type SharedStore, withoutNul } from './trial-store.ts'

/** Reports that are read at once, some 10 MB. */
const PAGE = 50

const TABLE = `create table if not exists whyslow_trials (
  trial text primary key,
  created_at timestamptz not null,
  machine text not null,
  model_sha256 text not null,
  engine text not null,
  p50_ms double precision not null,
  report jsonb not null
)`

/** `make`: the table may not be there yet. `named`: what messages call it. Throws InputError if it cannot be used, or the package is absent. */
export async function openPostgres(url: string, { make = true, named = '--store' } = {}): Promise<SharedStore> {
  const { Pool } = await importOptional<typeof Pg>('pg', `${named}: PostgreSQL`)
  const pool = new Pool({ connectionString: url, max: 2, connectionTimeoutMillis: 5000 })
  // A connection that ends while it is idle is opened again.
  pool.on('error', () => {})
  // What pg says may quote the address.
  const hidden = (error: unknown) => withoutPasswords((error as Error).message, { addresses: [url] })
  const query = <Row extends Pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) =>
    pool.query<Row>(sql, [...values]).catch((error: unknown) => {
      throw Object.assign(new Error(hidden(error)), { code: (error as NodeJS.ErrnoException).code })
    })
  try {
    // Looked for first: to make a table, even one that is there, takes a right that who reads need not have.
    const { rows } = await query<{ there: boolean }>("select to_regclass('whyslow_trials') is not null as there")
    if (!rows[0]!.there && !make) throw new InputError(`${named}: ${NO_TABLE}`)
    // Two agents that make the table at once meet in the catalogue: the second one finds it.
    if (!rows[0]!.there) await query(TABLE).catch(() => query(TABLE))
  } catch (error) {
    await pool.end().catch(() => {})
    if (error instanceof InputError) throw error
    const { code } = error as NodeJS.ErrnoException
    throw new InputError(
      `${named}: PostgreSQL cannot be used there (${code ?? (error as Error).message}); check the address and the rights`,
    )
  }
  return {
    async find(trial) {
      const { rows } = await query<{ report: unknown }>('select report from whyslow_trials where trial = $1', [trial])
      return rows[0]?.report
    },
    async insertIfAbsent(trial, report) {
      const { createdAt, machine, modelSha256, engine, p50Ms } = rowOf(report)
      const row = [trial, createdAt, machine, modelSha256, engine, p50Ms, withoutNul(report)]
      await query('insert into whyslow_trials values ($1, $2, $3, $4, $5, $6, $7) on conflict (trial) do nothing', row)
    },
    async *rows() {
      const { rows: all } = await query<{ trial: string }>('select trial from whyslow_trials order by created_at, trial')
      for (let from = 0; from < all.length; from += PAGE) {
        const trials = all.slice(from, from + PAGE).map(({ trial }) => trial)
        const { rows } = await query<{ trial: string; report: unknown }>(
          'select trial, report from whyslow_trials where trial = any($1) order by created_at, trial',
          [trials],
        )
        yield* rows
      }
    },
    close: () => pool.end(),
  }
}
