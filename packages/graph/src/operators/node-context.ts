// What an operator's formula sees of a node in a graph.
import { constantIn, type ScopedNode } from '../scope.ts'
import type { TensorType } from '../types.ts'
import type { NodeContext } from './types.ts'

export function contextOf(
  { node, scope }: ScopedNode,
  inputs: readonly (TensorType | undefined)[],
  outputs: readonly (TensorType | undefined)[],
): NodeContext {
  return { node, inputs, outputs, constant: (index) => constantIn(scope, node.inputs[index] ?? '') }
}
