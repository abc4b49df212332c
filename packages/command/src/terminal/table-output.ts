// The table of a command: `--csv FILE` and `--parquet FILE`.
import { columnsCsv, type TableColumn } from '@whyslow/report/text/tables/table-columns.ts'
import type { DocumentOutput } from './document-output.ts'

/** The files that the flags name, for `documentOutput`. */
export const tableFiles = ({ csv, parquet }: { readonly csv?: string; readonly parquet?: string }) => ({
  '--csv': csv,
  '--parquet': parquet,
})

/** Writes the table if it was requested. Throws UsageError if the disk refuses. */
export async function writeTable(
  output: DocumentOutput,
  columns: () => readonly TableColumn[],
  load: () => Promise<{ tableParquet(columns: readonly TableColumn[]): Promise<Uint8Array> }>,
): Promise<void> {
  await output.write('--csv', 'table', () => columnsCsv(columns()))
  await output.write('--parquet', 'table', async () => (await load()).tableParquet(columns()))
}
