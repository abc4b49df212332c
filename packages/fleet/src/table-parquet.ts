// A table as Parquet, for DuckDB and data frames, by the package hyparquet-writer, an optional one.

import { importOptional } from '@whyslow/measure/engines/optional-package.ts'
import type { TableColumn } from '@whyslow/report/text/tables/table-columns.ts'
import type * as Hyparquet from 'hyparquet-writer'

const TYPES = { text: 'STRING', integer: 'INT32', number: 'DOUBLE', 'yes-no': 'BOOLEAN', time: 'TIMESTAMP' } as const

/** Null if nothing is known. Throws InputError if the package is absent. */
export async function tableParquet(columns: readonly TableColumn[]): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await importOptional<typeof Hyparquet>('hyparquet-writer', '--parquet: Parquet')
  const columnData = columns.map(({ name, type, values }) => ({
    ...{ name, type: TYPES[type], nullable: true },
    data: type === 'time' ? values.map((value) => (value === null ? null : new Date(String(value)))) : [...values],
  }))
  return new Uint8Array(parquetWriteBuffer({ columnData }))
}
