// Some columns of a row taken, made whole numbers, and put side by side again, as a ColumnTransformer of scikit-learn is written.
import type { NodeProto } from 'onnx-buf'
import { sideBySide } from '../../graph/forest/beside-others.ts'
import { type Constants, numberOf } from './nodes.ts'
import { NotCompilable } from './source.ts'
import { prepared, type RowValue, refuse, type Value } from './values.ts'

/** The axis, counted from the front of rows × features. */
export function axisOf(node: NodeProto): number {
  const axis = numberOf(node, 'axis', 0)
  return axis < 0 ? axis + 2 : axis
}

/** Some columns of a row. */
export function taken(node: NodeProto, value: RowValue, constants: Constants): RowValue {
  const columns = constants(node.input[1])
  if (columns === undefined || value.layers.length > 0 || (node.opType === 'Gather' && columns.shape.length !== 1))
    throw refuse(node)
  const at = columns.values.map((column) => (column < 0 ? column + value.width : column))
  if (at.length === 0 || at.some((column) => !(Number.isInteger(column) && column >= 0 && column < value.width)))
    throw refuse(node)
  return prepared(value, { kind: 'take', columns: Int32Array.from(at) })
}

const [FLOAT, INT64] = [1, 7]

export function cast(node: NodeProto, value: RowValue): RowValue {
  const to = numberOf(node, 'to', 0)
  if (to === FLOAT) return value
  if (to === INT64 && value.layers.length === 0) return { ...value, whole: true }
  throw refuse(node)
}

/** As many columns as there are, once the categories' own axis is gone. */
export function reshaped(node: NodeProto, value: RowValue, constants: Constants): RowValue {
  const shape = constants(node.input[1])?.values
  if (shape?.length !== 2 || shape[0]! > 0 || (shape[1] !== value.width && !(shape[0] === 0 && shape[1] === -1)))
    throw refuse(node)
  return value
}

/** Columns side by side, each prepared in its own way from where their ways part. */
export function joinedColumns(node: NodeProto, values: readonly Value[]): RowValue {
  const rows = values.flatMap((value) => (value.kind === 'row' && value.layers.length === 0 && !value.whole ? [value] : []))
  if (rows.length !== node.input.length || axisOf(node) !== 1)
    throw new NotCompilable('its Concat joins what are no prepared columns')
  const parting = rows[0]!.prepare.findIndex((step, k) => rows.some(({ prepare }) => prepare[k] !== step))
  const shared = rows[0]!.prepare.slice(0, parting < 0 ? rows[0]!.prepare.length : parting)
  const own = rows.map(({ prepare }) => prepare.slice(shared.length))
  const taken = own.map(([first]) => (first?.kind === 'take' ? first.columns : undefined))
  if (taken.some((columns) => columns === undefined)) throw new NotCompilable('its Concat joins what are no columns of the rows')
  const joined = sideBySide(own.map(([, ...rest], k) => ({ columns: taken[k]!, steps: rest })))
  if (!joined.ok) throw new NotCompilable(`its rows are divided before a step (${joined.step.kind}) that needs all of a row`)
  return { kind: 'row', prepare: [...shared, ...joined.steps], layers: [], width: joined.width }
}
