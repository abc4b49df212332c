// The shape of a rule: one ONNX operator written as TFLite's; and how rules read attributes.
import type { AttributeView } from '@whyslow/graph/types.ts'
import type { Lowerer, OnnxNode } from '../lowerer.ts'

export type Rule = (lower: Lowerer, node: OnnxNode) => void

/** Rules keyed by ONNX operator. */
export type Rules = Readonly<Record<string, Rule>>

export function int({ attributes }: OnnxNode, name: string, otherwise: number): number {
  const value = attributes[name]
  return typeof value === 'number' ? value : otherwise
}

/** ONNX has floats and integers apart, and both are numbers here. */
export const float = int

export function text({ attributes }: OnnxNode, name: string, otherwise: string): string {
  const value = attributes[name]
  return typeof value === 'string' ? value : otherwise
}

export function ints({ attributes }: OnnxNode, name: string): readonly number[] | undefined {
  const value: AttributeView | undefined = attributes[name]
  return Array.isArray(value) && value.every((one) => typeof one === 'number') ? value : undefined
}

/** An axis from the front. */
export const fromFront = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis)
