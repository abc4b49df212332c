// A convolution alone pays for bringing its input into the engine's blocked layout and its output back; within a model, neighbours hand the
// layout on. Several of it in a row, where what it gives is like what it takes, pay that once.

import { isConstantNode } from '@whyslow/graph/constants.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { withGraph } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { declaration } from '@whyslow/graph/view.ts'
import type { NodeProto } from 'onnx-buf'

/** The engine moves int8 ones to channels-last in the same way; ConvInteger, which it does not move, is next to a Conv that it does. */
const CONVOLUTIONS = new Set(['Conv', 'QLinearConv', 'ConvInteger'])

/** Number of links in a row. */
export const LINKS = 3

/** undefined if the part has no convolution, or its output cannot be its input. */
export function chainOf(part: Model): Model | undefined {
  const graph = part.proto.graph!
  const weights = new Set(graph.initializer.map(({ name }) => name))
  const [constants, operators] = [graph.node.filter(isConstantNode), graph.node.filter((node) => !isConstantNode(node))]
  const data = graph.input.filter(({ name }) => !weights.has(name))
  const [input, output] = [data[0], graph.output[0]]
  if (!operators.some(({ opType }) => CONVOLUTIONS.has(opType)) || data.length !== 1 || graph.output.length !== 1)
    return undefined
  if (!isLike(declaration(input!), declaration(output!))) return undefined
  const made = new Set(operators.flatMap((node) => node.output))
  const link = (k: number): readonly NodeProto[] => {
    const named = (name: string): string => {
      if (name === input!.name) return k === 0 ? name : `${output!.name}:${k - 1}`
      return made.has(name) && !(name === output!.name && k === LINKS - 1) ? `${name}:${k}` : name
    }
    return operators.map((node) =>
      copyWith(node, {
        name: `${node.name || node.output[0]}:${k}`,
        input: node.input.map(named),
        output: node.output.map(named),
      }),
    )
  }
  const links = Array.from({ length: LINKS }, (_, k) => link(k)).flat()
  return withGraph(part, copyWith(graph, { node: [...constants, ...links], valueInfo: [] }))
}

function isLike(a: ReturnType<typeof declaration>, b: ReturnType<typeof declaration>): boolean {
  return (
    a.dtype === b.dtype &&
    a.shape !== null &&
    a.shape.length === b.shape?.length &&
    a.shape.every((size, k) => size === b.shape![k])
  )
}
