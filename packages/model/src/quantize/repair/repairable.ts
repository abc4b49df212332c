// Which groups other repairs make fuse: their constants stay quantized, and their conversions are needed.

import type { NodeView } from '@whyslow/graph/types.ts'
import { type Condition, endOf } from '@whyslow/measure/engines/onnxruntime/int8/conditions.ts'
import type { UnfusedReason } from '@whyslow/measure/engines/onnxruntime/int8/unfused.ts'
import type { QuantizedGraph } from './quantized-graph.ts'

/** Conditions that requantizing takes away. */
export const REQUANTIZE_REMOVES: ReadonlySet<UnfusedReason> = new Set<Condition>([
  'zero-point-missing',
  'batchnorm-apart',
  'graph-output',
  'output-read-in-float',
  'output-not-quantized',
  'activation-between',
  'activation-apart',
  'bias-scale',
  'bias-float',
  'beta',
  'scales-differ',
])

/** True where the group fuses once it is repaired: its weights stay unchanged. */
export const isRepairable = (condition: Condition): boolean =>
  REQUANTIZE_REMOVES.has(condition) || condition === 'constants-as-inputs' || condition === 'int8-activations'

/** The operator, or the one whose activation it is, has an int8 kernel and breaks nothing but what other repairs take away. */
export function mayRunInInt8(quantized: QuantizedGraph, node: NodeView): boolean {
  const before = quantized.at.producer(node.inputs[0])
  const operator = before !== undefined && endOf(before, quantized.at) === node ? before : node
  const condition = quantized.brokenOf(operator)?.condition
  return condition === undefined || isRepairable(condition)
}
