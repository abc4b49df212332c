// Reading a node's attributes with the default that the operator's definition gives.
import type { NodeView } from '../types.ts'
import type { NodeContext } from './types.ts'

/** The attribute as a number; `otherwise` if it is absent or of another type. */
export function numberAttribute<Otherwise extends number | undefined>(
  node: NodeView,
  name: string,
  otherwise: Otherwise,
): number | Otherwise {
  const value = node.attributes[name]
  return typeof value === 'number' ? value : otherwise
}

/** The attribute as a text; `otherwise` if it is absent or of another type. */
export function textAttribute(node: NodeView, name: string, otherwise: string): string {
  const value = node.attributes[name]
  return typeof value === 'string' ? value : otherwise
}

/** The attribute as numbers; undefined if it is absent or of another type. */
export function numbersAttribute(node: NodeView, name: string): readonly number[] | undefined {
  const value = node.attributes[name]
  return Array.isArray(value) && (value.length === 0 || typeof value[0] === 'number') ? (value as readonly number[]) : undefined
}

/** The attribute as texts; undefined if it is absent or of another type. */
export function textsAttribute(node: NodeView, name: string): readonly string[] | undefined {
  const value = node.attributes[name]
  return Array.isArray(value) && typeof value[0] === 'string' ? (value as readonly string[]) : undefined
}

/** True where the optional input `index` is there. */
export function hasInput({ node }: NodeContext, index: number): boolean {
  return (node.inputs[index] ?? '') !== ''
}

/** True where the output `index` is requested. */
export function hasOutput({ node }: NodeContext, index: number): boolean {
  return (node.outputs[index] ?? '') !== ''
}

/** True where the input `index` is there and is not known to be all zeros: a zero point that costs something. */
export function isNonZeroInput(context: NodeContext, index: number): boolean {
  if (!hasInput(context, index)) return false
  return !(context.constant(index)?.values?.every((value) => value === 0) ?? false)
}

/** An axis counted from the front. */
export function axisFromFront(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis
}
