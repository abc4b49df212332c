// The study's table as Parquet, for DuckDB and data frames, by the package hyparquet-writer, an optional one.
import { pathToFileURL } from 'node:url'
import type * as Hyparquet from 'hyparquet-writer'
import { findPackage } from '../../engines/find-package.ts'
import { InputError } from '../../graph/input-error.ts'
import type { StudyDocument } from '../../report/documents/study.ts'
import { studyTable } from '../../report/text/study-table.ts'

const TYPES = { text: 'STRING', integer: 'INT32', number: 'DOUBLE', 'yes-no': 'BOOLEAN' } as const

/** Throws InputError where the package is absent. */
export async function studyParquet(document: StudyDocument): Promise<Uint8Array> {
  const found = findPackage('hyparquet-writer', null)
  if (found === null)
    throw new InputError(
      '--parquet: Parquet takes the package hyparquet-writer, and it is not here; npm install hyparquet-writer',
    )
  const { parquetWriteBuffer } = (await import(pathToFileURL(found.entry).href)) as typeof Hyparquet
  const columns = studyTable(document)
  const columnData = columns.map(({ name, type, values }) => ({ name, type: TYPES[type], data: [...values], nullable: true }))
  return new Uint8Array(parquetWriteBuffer({ columnData }))
}
