// Reading a node's attributes with the default that the operator's definition gives.
export { axisFromFront, numberAttribute, numbersAttribute, textAttribute, textsAttribute } from '../view-attributes.ts'

import type { NodeContext } from './types.ts'

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
