// Tables that other tools read: columns whose names, types and units stay, drawn from documents alone.
import { csv } from '../csv.ts'

/** `time`: a text of ISO 8601. */
export type ColumnType = 'text' | 'integer' | 'number' | 'yes-no' | 'time'
export type ColumnValue = string | number | boolean

export interface TableColumn {
  readonly name: string
  readonly type: ColumnType
  /** A value a line; null: not known. */
  readonly values: readonly (ColumnValue | null)[]
}

/** A column's name and type, and what a line has there. */
export type ColumnOf<Line> = readonly [string, ColumnType, (line: Line) => ColumnValue | null | undefined]

/** What is not a number, or no time, is not known. */
export const columnsOf = <Line>(columns: readonly ColumnOf<Line>[], lines: readonly Line[]): TableColumn[] =>
  columns.map(([name, type, valueIn]) => ({ name, type, values: lines.map((line) => known(valueIn(line), type)) }))

function known(value: ColumnValue | null | undefined, type: ColumnType): ColumnValue | null {
  if (value === null || value === undefined) return null
  if (type === 'time') return Number.isNaN(Date.parse(String(value))) ? null : value
  return typeof value === 'number' && !Number.isFinite(value) ? null : value
}

/** As CSV: empty if nothing is known. */
export const columnsCsv = (columns: readonly TableColumn[]): string =>
  csv(
    columns.map(({ name }) => name),
    columns[0]!.values.map((_, line) => columns.map(({ values }) => values[line])),
  )
