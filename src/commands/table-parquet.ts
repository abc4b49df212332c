// A table as Parquet, for DuckDB and data frames, by the package hyparquet-writer, an optional one.
import { pathToFileURL } from 'node:url'
import type * as Hyparquet from 'hyparquet-writer'
import { findPackage } from '../engines/find-package.ts'
import { InputError } from '../graph/input-error.ts'
import type { TableColumn } from '../report/text/tables/table-columns.ts'

const TYPES = { text: 'STRING', integer: 'INT32', number: 'DOUBLE', 'yes-no': 'BOOLEAN', time: 'TIMESTAMP' } as const

/** Null where nothing is known. Throws InputError where the package is absent. */
export async function tableParquet(columns: readonly TableColumn[]): Promise<Uint8Array> {
  const found = findPackage('hyparquet-writer', null)
  if (found === null)
    throw new InputError(
      '--parquet: Parquet takes the package hyparquet-writer, and it is not here; npm install hyparquet-writer',
    )
  const { parquetWriteBuffer } = (await import(pathToFileURL(found.entry).href)) as typeof Hyparquet
  const columnData = columns.map(({ name, type, values }) => ({
    ...{ name, type: TYPES[type], nullable: true },
    data: type === 'time' ? values.map((value) => (value === null ? null : new Date(String(value)))) : [...values],
  }))
  return new Uint8Array(parquetWriteBuffer({ columnData }))
}
