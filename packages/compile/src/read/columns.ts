// Some columns of a row taken, made whole numbers, and put side by side again, as a ColumnTransformer of scikit-learn is written.

import { numberOf } from '@whyslow/graph/attributes.ts'
import { joinColumns } from '@whyslow/graph/forest/join-columns.ts'
import type { Preparation } from '@whyslow/graph/forest/types.ts'
import { axisFromFront } from '@whyslow/graph/view-attributes.ts'
import type { NodeProto } from 'onnx-buf'
import type { Constants } from './nodes.ts'
import { NotCompilable } from './source.ts'
import { flat, type RowValue, refuse, type Value, withHolds, withPreparation } from './values.ts'

/** The axis, counted from the front of rows × features. */
export function axisOf(node: NodeProto, otherwise: number): number {
  const axis = numberOf(node, 'axis', otherwise)
  return axisFromFront(axis, 2)
}

/** Some columns of a row. */
export function selectColumns(node: NodeProto, value: RowValue, constants: Constants): RowValue {
  const columns = constants(node.input[1])
  if (columns === undefined || value.layers.length > 0 || (node.opType === 'Gather' && columns.shape.length !== 1))
    throw refuse(node)
  const at = columns.values.map((column) => (column < 0 ? column + value.width : column))
  if (at.length === 0 || at.some((column) => !(Number.isInteger(column) && column >= 0 && column < value.width)))
    throw refuse(node)
  return withPreparation(value, { kind: 'take', columns: Int32Array.from(at) })
}

const [FLOAT, INT64] = [1, 7]

const timesOne = (width: number): Preparation => ({
  kind: 'scale',
  form: 'subtract-multiply',
  precision: 'float32',
  offset: new Float64Array(width),
  factor: new Float64Array(width).fill(1),
})

export function cast(node: NodeProto, value: RowValue): RowValue {
  const to = numberOf(node, 'to', 0)
  const { holds, layers } = value
  if (to === FLOAT) {
    if (holds === undefined) return value
    // Times one, since a step that scales leaves the other columns alone, and one that rounds does not.
    if (holds === 'whole' || holds === 'double') return withHolds(withPreparation(value, timesOne(value.width)))
  }
  if (to === INT64 && layers.length === 0) {
    if (holds === 'whole') return value
    if (holds === undefined) return withHolds(value, 'truncated')
  }
  throw refuse(node)
}

/** As many columns as there are, once the categories' own axis is gone. */
export function reshapeRow(node: NodeProto, value: RowValue, constants: Constants): RowValue {
  const shape = constants(node.input[1])?.values
  if (shape?.length !== 2 || shape[0]! > 0 || (shape[1] !== value.width && !(shape[0] === 0 && shape[1] === -1)))
    throw refuse(node)
  return flat(value)
}

/** Columns side by side, each prepared in its own way from where their ways part. */
export function concatenateColumns(node: NodeProto, values: readonly Value[]): RowValue {
  const rows = values.flatMap((value) => (value.kind === 'row' && value.layers.length === 0 ? [value] : []))
  const { holds, apart } = rows[0] ?? {}
  const isAlike = rows.every((one) => one.holds === holds && one.apart === apart)
  // One-hot columns whose categories have an axis of their own are joined along that.
  const axis = apart ? numberOf(node, 'axis', 0) : axisOf(node, 0)
  if (rows.length !== node.input.length || !isAlike || !(apart ? axis === -1 || axis === 2 : axis === 1))
    throw new NotCompilable('its Concat joins values that are not prepared columns')
  if (rows.length === 1) return rows[0]!
  const parting = rows[0]!.prepare.findIndex((step, k) => rows.some(({ prepare }) => prepare[k] !== step))
  const shared = rows[0]!.prepare.slice(0, parting < 0 ? rows[0]!.prepare.length : parting)
  const own = rows.map(({ prepare }) => prepare.slice(shared.length))
  const taken = own.map(([first]) => (first?.kind === 'take' ? first.columns : undefined))
  if (taken.some((columns) => columns === undefined))
    throw new NotCompilable('its Concat joins values that are not columns of the rows')
  const joined = joinColumns(own.map(([, ...rest], k) => ({ columns: taken[k]!, steps: rest })))
  if (!joined.ok) throw new NotCompilable(`its rows are divided before a step (${joined.step.kind}) that needs all of a row`)
  const all: RowValue = { kind: 'row', prepare: [...shared, ...joined.steps], layers: [], width: joined.width }
  return { ...withHolds(all, holds), ...(apart ? { apart } : {}) }
}
