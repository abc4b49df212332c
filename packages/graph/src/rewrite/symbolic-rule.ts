// The shape of a rule: a node's attributes and the types of its inputs in, the types of its outputs out; and how rules read numbers.

import type { NodeProto } from 'onnx-buf'
import { broadcastAxes } from '../broadcast.ts'
import type { AttributeView, DType } from '../types.ts'
import type { Size } from './sizes.ts'

/** What is known of a value. `sizes`: the integers that it holds, where they are sizes or constants; of a bool, 0 and 1. */
export interface SymbolicType {
  readonly dtype?: DType | undefined
  readonly shape?: readonly Size[] | undefined
  readonly sizes?: readonly Size[] | undefined
  /** Rows of a table of integers. */
  readonly rows?: readonly (readonly Size[])[] | undefined
  /** The numbers of a short list that is constant, where they are no integers: factors of Resize. */
  readonly factors?: readonly number[] | undefined
}

/** Integers of a value are followed up to this many: shapes, axes, indices. */
export const SIZES_LIMIT = 64

/** A node's attributes and the types of its inputs, for its rule. */
export interface TypedNode {
  readonly node: NodeProto
  readonly opset: number
  readonly input: (index: number) => SymbolicType
  readonly attribute: (name: string) => AttributeView | undefined
  /** A size that nothing is known of: a symbol of its own. */
  readonly unknown: (axis: number, output?: number) => Size
}

export type Rule = (typed: TypedNode) => readonly SymbolicType[]

export const ints = (value: AttributeView | undefined): readonly number[] | undefined => {
  return Array.isArray(value) && value.every((one) => typeof one === 'number') ? value : undefined
}
export const int = (value: AttributeView | undefined, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise

/** Numbers given as attribute in old opsets and as constant input in new ones; undefined if they are not constant. */
export function attributeOrConstant(
  { attribute, input, node }: TypedNode,
  name: string,
  index: number,
): readonly number[] | undefined {
  const list = ints(attribute(name))
  if (list !== undefined) return list
  if ((node.input[index] ?? '') === '') return undefined
  const { sizes } = input(index)
  return sizes?.every((one) => typeof one === 'number') ? sizes : undefined
}

export function broadcastShapes(
  shapes: readonly (readonly Size[] | undefined)[],
  unknown: TypedNode['unknown'],
): Size[] | undefined {
  if (!shapes.every((shape) => shape !== undefined)) return undefined
  return broadcastAxes(shapes).map((size, axis) => size ?? unknown(axis))
}
