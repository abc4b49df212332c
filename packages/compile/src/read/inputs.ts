// Inputs of a graph as columns of one row: a table of numbers, or an input for each column, as pipelines over data frames are written.
import type { ValueDeclaration } from '@whyslow/graph/types.ts'
import { type AskedInput, COLUMN_TYPES, type ColumnType, NotCompilable } from './source.ts'
import type { RowValue } from './values.ts'

/** Throws NotCompilable if one is no columns of a known number. */
export function compiledInputs(declared: readonly ValueDeclaration[]): readonly AskedInput[] {
  if (declared.length === 0) throw new NotCompilable('it has no inputs')
  return declared.map((input) => {
    const asked = compiledInput(input)
    if (typeof asked === 'string') throw new NotCompilable(asked)
    return asked
  })
}

/** The reason if it is no columns of a known number. */
export function compiledInput({ name, dtype, shape }: ValueDeclaration): AskedInput | string {
  const called = JSON.stringify(name)
  if (dtype === null || !(dtype in COLUMN_TYPES)) return `its input ${called} is ${dtype ?? 'no tensor'}, not numbers or texts`
  const columns = shape?.at(-1)
  if (shape?.length !== 2 || typeof columns !== 'number') return `its input ${called} is not rows of a known number of features`
  return { name, dtype: dtype as ColumnType, columns }
}

/** What the row is made of: float64 where an input has numbers that are no float32 numbers. */
export const rowTypeOf = (inputs: readonly AskedInput[]): 'float32' | 'float64' =>
  inputs.some(({ dtype }) => COLUMN_TYPES[dtype] === 'float64') ? 'float64' : 'float32'

const HOLDS: Readonly<Record<ColumnType, RowValue['holds']>> = {
  float32: undefined,
  float64: 'double',
  int64: 'whole',
  int32: 'whole',
  bool: 'whole',
  string: 'text',
}

/** Each input as the columns of the row that it is. */
export function startValues(inputs: readonly AskedInput[]): ReadonlyMap<string, RowValue> {
  let next = 0
  return new Map(
    inputs.map(({ name, dtype, columns }) => {
      const own = Int32Array.from({ length: columns }, (_, k) => next + k)
      next += columns
      const holds = HOLDS[dtype]
      const prepare = inputs.length === 1 ? [] : [{ kind: 'take', columns: own } as const]
      return [name, { kind: 'row', prepare, layers: [], width: columns, ...(holds === undefined ? {} : { holds }) }]
    }),
  )
}
