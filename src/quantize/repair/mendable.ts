// Which groups other mends make fuse: their constants stay quantized, and their conversions are needed.

import { type Condition, endOf } from '../../engines/onnxruntime/int8/conditions.ts'
import type { NodeView } from '../../graph/types.ts'
import type { Site } from './site.ts'

/** Conditions that requantizing mends: the weights of such a group stay as they are. */
export const REQUANTIZED: ReadonlySet<Condition> = new Set([
  'zero-point-missing',
  'batchnorm-apart',
  'constants-as-inputs',
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

/** The operator, or the one whose activation it is, has an int8 kernel and breaks nothing that other mends cannot mend. */
export function mayRunInInt8(site: Site, node: NodeView): boolean {
  const before = site.at.producer(node.inputs[0])
  const operator = before !== undefined && endOf(before, site.at) === node ? before : node
  const condition = site.brokenOf(operator)?.condition
  return condition === undefined || REQUANTIZED.has(condition)
}
