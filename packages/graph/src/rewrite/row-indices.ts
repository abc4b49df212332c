// Indices that are the same along whole rows. PyTorch's scatter_add, index_add and gather of rows index every element: an Expand (or a Tile) repeats
// one index for each row up to the shape of what is moved. https://onnx.ai/onnx/operators/onnx__ScatterElements.html

import type { NodeProto } from 'onnx-buf'
import { axisFromFront } from '../view-attributes.ts'
import { isOperator, type Matching, numberOf } from './match.ts'
import { type Size, sameShape } from './sizes.ts'

export interface RowIndices {
  /** What repeats them. */
  readonly repeat: NodeProto
  /** One for each row, with axes of size 1 behind. */
  readonly rows: string
  readonly axis: number
  /** Shape of what is moved. */
  readonly shape: readonly Size[]
}

/** The row indices of a GatherElements or ScatterElements that moves nothing but whole rows of its data. */
export function findRowIndices({ producer, shape }: Matching, one: NodeProto): RowIndices | undefined {
  const repeat = isOperator(one, 'GatherElements', 'ScatterElements') ? producer(one.input[1]) : undefined
  if (!isOperator(repeat, 'Expand', 'Tile')) return undefined
  const [data, rows, moved] = [one.input[0], repeat.input[0], one.input[1]].map(shape)
  if (!data || !rows || !moved || data.length !== moved.length || rows.length !== moved.length) return undefined
  const given = numberOf(one, 'axis', 0)
  const axis = axisFromFront(given, data.length)
  const [before, behind] = [(sizes: readonly Size[]) => sizes.slice(0, axis), (sizes: readonly Size[]) => sizes.slice(axis + 1)]
  if (behind(data).length === 0 || behind(rows).some((size) => size !== 1) || rows[axis] !== moved[axis]) return undefined
  if (!sameShape(before(rows), before(moved)) || !sameShape(before(data), before(moved))) return undefined
  return sameShape(behind(data), behind(moved)) ? { repeat, rows: repeat.input[0]!, axis, shape: moved } : undefined
}
