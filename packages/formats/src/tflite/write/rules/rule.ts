// The shape of a rule: one ONNX operator written as TFLite's; how rules read attributes, and where they put results.
import type { Dimension } from '@whyslow/graph/types.ts'
import type { LiteTensor } from '../lite-graph.ts'
import type { Lowerer, OnnxNode } from '../lowerer.ts'

export type Rule = (lower: Lowerer, node: OnnxNode) => void

/** Rules keyed by ONNX operator. */
export type Rules = Readonly<Record<string, Rule>>

type Result = Parameters<Lowerer['op']>[2]
type Write = (x: LiteTensor, result: Result) => LiteTensor

/** The type of a result that is in this order. */
export function resultOf(lower: Lowerer, name: string, order: readonly number[]): Result {
  const { dtype, shape } = lower.type(name)
  return { dtype, shape: order.map((axis): Dimension => shape[axis]!), holds: name }
}

/** What `write` makes of the one operand in this order (as it lies, if none is told) and in the same shape. */
export function ofOne(lower: Lowerer, { inputs, outputs }: OnnxNode, write: Write, order = lower.order(inputs[0]!)): void {
  const [holds] = outputs as [string]
  const x = lower.ordered(inputs[0]!, order)
  lower.place(holds, write(x, { dtype: lower.source.type(holds).dtype ?? x.dtype, shape: x.shape, holds }), order)
}

/** The same, where the result has a shape of its own. */
export function writeWithOwnShape(
  lower: Lowerer,
  { inputs, outputs }: OnnxNode,
  write: Write,
  order = lower.order(inputs[0]!),
): void {
  const x = lower.ordered(inputs[0]!, order)
  lower.place(outputs[0]!, write(x, resultOf(lower, outputs[0]!, order)), order)
}
