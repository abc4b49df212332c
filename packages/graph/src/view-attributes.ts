// Attributes of a node of the view, each with the default that the operator's definition gives.
import type { NodeView } from './types.ts'

type HasAttributes = Pick<NodeView, 'attributes'>

/** The attribute as a number; `otherwise` if it is absent or of another type. */
export function numberAttribute<Otherwise extends number | undefined>(
  node: HasAttributes,
  name: string,
  otherwise: Otherwise,
): number | Otherwise {
  const value = node.attributes[name]
  return typeof value === 'number' ? value : otherwise
}

/** The attribute as a text; `otherwise` if it is absent or of another type. */
export function textAttribute(node: HasAttributes, name: string, otherwise: string): string {
  const value = node.attributes[name]
  return typeof value === 'string' ? value : otherwise
}

/** The attribute as numbers; undefined if it is absent or of another type. */
export function numbersAttribute(node: HasAttributes, name: string): readonly number[] | undefined {
  const value = node.attributes[name]
  return Array.isArray(value) && (value.length === 0 || typeof value[0] === 'number') ? (value as readonly number[]) : undefined
}

/** The attribute as texts; undefined if it is absent or of another type. */
export function textsAttribute(node: HasAttributes, name: string): readonly string[] | undefined {
  const value = node.attributes[name]
  return Array.isArray(value) && typeof value[0] === 'string' ? (value as readonly string[]) : undefined
}

/** An axis counted from the front. */
export function axisFromFront(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis
}
