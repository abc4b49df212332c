// The table of a command: `--csv FILE` and `--parquet FILE`, tried out before anything is read.
import { columnsCsv, type TableColumn } from '../report/text/tables/table-columns.ts'
import type { Surroundings } from './stages.ts'
import { checkTarget, type Target, writeTarget } from './write-file.ts'

export interface TableFlags {
  readonly csv?: string
  readonly parquet?: string
}

export interface TableOutput {
  /** Writes the table where it was asked for; what was written, in words. Throws UsageError where the disk refuses. */
  write(columns: () => readonly TableColumn[], load: Surroundings['load']): Promise<string[]>
}

/** `input`: the file that is read; '' where there is none. Throws UsageError as `checkTarget` does. */
export function tableOutput({ csv, parquet }: TableFlags, input: string): TableOutput {
  const targetOf = (path: string | undefined, flag: string): Target | undefined =>
    path === undefined ? undefined : checkTarget(path, flag, input)
  const [text, binary] = [targetOf(csv, '--csv'), targetOf(parquet, '--parquet')]
  return {
    async write(columns, load) {
      if (text !== undefined) writeTarget(text, columnsCsv(columns()), '--csv')
      if (binary !== undefined) writeTarget(binary, await (await load()).tableParquet(columns()), '--parquet')
      return [csv, parquet].flatMap((file) => (file === undefined ? [] : [`table: ${file}`]))
    },
  }
}
