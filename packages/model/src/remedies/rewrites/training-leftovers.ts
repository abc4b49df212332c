// Operators that do nothing when a model predicts: Dropout, Identity, and conversions to the type, order or shape that is there
// already. The engine takes most of them out at every load; here they are gone for good, and no longer hide what they stand between.
// Dropout: https://onnx.ai/onnx/operators/onnx__Dropout.html

import { dtypeOf } from '@whyslow/graph/dtype.ts'
import { bypass, countByOperator, selectSeparate } from '@whyslow/graph/rewrite/bypass.ts'
import { intsOf, isOperator, type Matching, numberOf } from '@whyslow/graph/rewrite/match.ts'
import type { NodeProto } from 'onnx-buf'
import { defineRemedy } from '../kit/remedy.ts'
import { rewritingRemedy, savingOfRemoving } from '../kit/rewriting.ts'

export const trainingLeftovers = defineRemedy(
  rewritingRemedy({
    id: 'training-leftovers',
    title: 'Operators that do nothing when the model predicts are taken out',
    treats: ['dispatch-overhead', 'cold-start'],
    effect: 'exact',
    goals: ['latency', 'throughput', 'load-time', 'memory', 'size'],
    find: (matching) =>
      selectSeparate(
        matching.graph.node.map((node) => {
          if (!node.output.slice(1).every((name) => isUnread(matching, name))) return undefined
          const source = passedOn(matching, node)
          return source === undefined ? undefined : bypass(matching, node, source)
        }),
      ),
    toTheEnd: true,
    changes: ({ parts }) => `taken out: ${countByOperator(parts)}`,
    saving: savingOfRemoving,
  }),
)

function isUnread({ readers, isOutput }: Matching, name: string): boolean {
  return name === '' || (readers(name).length === 0 && !isOutput(name))
}

/** The input that the node gives back as it is, for every size that the model takes; undefined if that is not certain. */
function passedOn(matching: Matching, node: NodeProto): string | undefined {
  const [input] = node.input
  if (!input || !isOperator(node, node.opType)) return undefined
  return DOES_NOTHING[node.opType]?.(matching, node) ? input : undefined
}

type Test = (matching: Matching, node: NodeProto) => boolean

const single: Test = (_, { input }) => input.length === 1

const DOES_NOTHING: Readonly<Record<string, Test>> = {
  Identity: () => true,
  // Before opset 7 an attribute told training from prediction; before 12 it is prediction always.
  Dropout: ({ opset, scalar }, { input }) => opset >= 7 && (!input[2] || scalar(input[2]) === 0),
  Cast: ({ dtype }, node) => {
    const from = dtype(node.input[0])
    return from !== undefined && from === dtypeOf(numberOf(node, 'to', 0))
  },
  Transpose: ({ shape }, node) => {
    const perm = intsOf(node, 'perm')
    if (perm !== undefined) return perm.every((axis, index) => axis === index)
    const rank = shape(node.input[0])?.length
    return rank !== undefined && rank < 2
  },
  Reshape: keepsShape,
  Flatten: ({ shape }, node) => shape(node.input[0])?.length === 2 && [1, -1].includes(numberOf(node, 'axis', 1)),
  Concat: single,
  Sum: single,
  Mean: single,
  Max: single,
  Min: single,
  Pad: ({ opset, numbers }, node) => {
    const pads = opset < 11 ? (intsOf(node, 'pads') ?? intsOf(node, 'paddings')) : numbers(node.input[1])
    return pads?.every((size) => size === 0) ?? false
  },
}

/** Each dimension asked for is the one that is there: the same number, 0 (copied), or one -1 (what is left). */
function keepsShape({ shape, numbers, opset }: Matching, node: NodeProto): boolean {
  const now = shape(node.input[0])
  const asked = opset < 5 ? intsOf(node, 'shape') : numbers(node.input[1])
  if (now === undefined || asked?.length !== now.length) return false
  const copiesZero = opset < 14 || numberOf(node, 'allowzero', 0) === 0
  const rest = asked.filter((size) => size === -1)
  // What is left over cannot be told where another dimension may be 0.
  if (rest.length > 1 || (rest.length === 1 && now.some((size) => size === 0))) return false
  return asked.every((size, axis) => size === -1 || (size === 0 && copiesZero) || (size > 0 && size === now[axis]))
}
