// A table of numbers, one row a sample, with a header row if one cell of the first row is not a number. An empty cell is a missing value, NaN.

import { csvRows } from '@whyslow/graph/csv.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { TensorValue } from '../engines/types.ts'
import type { NamedTensors } from './records.ts'

/** Columns taken as labels where the header names one and the user did not. */
const LABEL_COLUMNS = ['labels', 'label', 'y']

/** What the table is read for. */
export interface TableUse {
  /** Names of the model's inputs. A column each where the header has them all, else all columns are one input. */
  readonly inputNames: readonly string[]
  /** The column of labels that the user named. */
  readonly labelsName: string | null
  /** Those of the names that take strings. */
  readonly textNames: ReadonlySet<string>
  readonly where: string
}

/**
 * The columns as arrays: `''` holds rows x columns, or one array for each input where the header names them; `labels` (or the
 * user's name) the labels. Throws an InputError if rows differ in length or a cell is not a number.
 */
export function readCsv(text: string, { inputNames, labelsName, textNames, where }: TableUse): NamedTensors {
  const rows = [...csvRows(text)]
  const first = rows[0]
  if (first === undefined) throw new InputError(`${where}: the table is empty; write one row a sample`)
  const hasHeader = first.some((cell) => !isNumber(cell))
  const header = hasHeader && !(textNames.size > 0 && rows.length === 1) ? first.map((cell) => cell.trim()) : null
  const body = header === null ? rows : rows.slice(1)
  if (body.length === 0) throw new InputError(`${where}: a header and no rows; write one row a sample`)
  body.forEach((row, index) => {
    if (row.length === first.length) return
    const line = index + 1 + (header === null ? 0 : 1)
    throw new InputError(
      `${where}: row ${line} has ${row.length} cells, the first ${first.length}; give each row the same columns`,
    )
  })
  const labelAt = labelColumn(header, labelsName, inputNames, where)
  const table = { rows: body, header, where }
  const column = (at: number, shape: readonly number[], asText = false) => arrayOf({ ...table, asText }, [at], shape)
  const tensors = new Map<string, TensorValue>()
  if (header !== null && inputNames.length > 1 && inputNames.every((name) => header.includes(name))) {
    for (const name of inputNames) tensors.set(name, column(header.indexOf(name), [body.length, 1], textNames.has(name)))
  } else {
    const columns = first.map((_, at) => at).filter((at) => at !== labelAt)
    tensors.set('', arrayOf({ ...table, asText: textNames.size > 0 }, columns, [body.length, columns.length]))
  }
  if (labelAt !== undefined) {
    const cells = body.map((row) => row[labelAt]!)
    const labels = cells.every(isNumber)
      ? column(labelAt, [body.length])
      : { dtype: 'string' as const, shape: [body.length], data: cells }
    tensors.set(labelsName ?? 'labels', labels)
  }
  return tensors
}

function labelColumn(
  header: readonly string[] | null,
  labelsName: string | null,
  inputNames: readonly string[],
  where: string,
): number | undefined {
  if (labelsName !== null) {
    const at = header?.indexOf(labelsName) ?? -1
    if (at < 0)
      throw new InputError(`${where}: no column '${labelsName}' for --labels; the header says ${header?.join(', ') ?? 'nothing'}`)
    return at
  }
  const found = LABEL_COLUMNS.find((name) => header?.includes(name) && !inputNames.includes(name))
  return found === undefined ? undefined : header!.indexOf(found)
}

interface Table {
  readonly rows: readonly (readonly string[])[]
  readonly header: readonly string[] | null
  readonly asText: boolean
  readonly where: string
}

function arrayOf({ rows, header, asText, where }: Table, columns: readonly number[], shape: readonly number[]): TensorValue {
  if (asText) return { dtype: 'string', shape, data: rows.flatMap((row) => columns.map((at) => row[at]!)) }
  const data = new Float64Array(rows.length * columns.length)
  rows.forEach((row, line) => {
    columns.forEach((at, place) => {
      const cell = row[at]!
      if (!isNumber(cell)) {
        const name = header?.[at] ?? String(at + 1)
        throw new InputError(
          `${where}: row ${line + 1 + (header === null ? 0 : 1)}, column '${name}' is '${cell.slice(0, 20)}', no number; leave text columns out`,
        )
      }
      data[line * columns.length + place] = cell.trim() === '' ? Number.NaN : Number(cell)
    })
  })
  return { dtype: 'float64', shape, data }
}

const isNumber = (cell: string): boolean => !Number.isNaN(Number(cell)) || /^\s*nan\s*$/i.test(cell)
