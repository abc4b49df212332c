// The head of a decoder: the product that makes logits of the last hidden states, with what is done to each position after it.

import type { Model } from '@whyslow/graph/model.ts'
import { isOperator, type Matching, matchGraph } from '@whyslow/graph/rewrite/match.ts'
import { subgraphsOf } from '@whyslow/graph/walk.ts'
import type { NodeProto } from 'onnx-buf'

export interface Head {
  readonly product: NodeProto
  /** The first node that reads the hidden states: the product, or what quantizes them for it. */
  readonly first: NodeProto
  /** [batch, positions, width]. */
  readonly hidden: string
  /** What is quantized for the product takes its range from all positions. */
  readonly rangeOfAll: boolean
}

/** Nodes that treat each number alone; with a second operand they may follow the product if that is a constant. */
const ELEMENTWISE = ['Cast', 'Identity', 'Tanh', 'Mul', 'Div', 'Add', 'Sub', 'Clip'] as const
const PRODUCTS = ['MatMul', 'com.microsoft:MatMulNBits', 'com.microsoft:DynamicQuantizeMatMul'] as const
const INTEGER_PRODUCTS = ['MatMulInteger', 'com.microsoft:MatMulIntegerToFloat'] as const

/** A reason if what comes before the logits is no product of the hidden states. */
export function findHead(matching: Matching, logits: string): Head | string {
  let at = logits
  for (let made = matching.producer(at); made !== undefined; made = matching.producer(at)) {
    if (isOperator(made, ...PRODUCTS))
      return withHidden(matching, { product: made, first: made, rangeOfAll: made.opType.startsWith('Dynamic') })
    if (isOperator(made, ...INTEGER_PRODUCTS)) {
      const first = matching.producer(made.input[0])
      if (!isOperator(first, 'DynamicQuantizeLinear'))
        return `the head reads ${made.input[0]}, which is not quantized as it comes`
      return withHidden(matching, { product: made, first, rangeOfAll: true })
    }
    if (!isOperator(made, ...ELEMENTWISE)) return `the logits come from ${made.opType}, not from a product`
    // Of a product and its scales, the branch that comes from the integer product goes on.
    const open = made.input.filter((name) => name !== '' && matching.constant(name) === undefined)
    const next = open.length === 1 ? open[0] : open.find((name) => matching.producer(name)?.opType === 'Cast')
    if (next === undefined) return `the logits come from ${made.opType} of two values, not from a product`
    at = next
  }
  return `the logits ${at} are made by no node of the main graph`
}

/** The head of the main graph, or one of each branch of the If that gives the logits; a reason if there is none. */
export function findHeads(model: Model, logits: string): readonly Head[] | string {
  const matching = matchGraph(model, model.proto.graph!)
  const made = matching.producer(logits)
  if (!isOperator(made, 'If')) {
    const found = findHead(matching, logits)
    return typeof found === 'string' ? found : [found]
  }
  const place = made.output.indexOf(logits)
  const found = subgraphsOf(made).map(({ graph }) => findHead(matchGraph(model, graph, matching), graph.output[place]!.name))
  return found.find((one) => typeof one === 'string') ?? (found as Head[])
}

function withHidden({ shape }: Matching, found: Omit<Head, 'hidden'>): Head | string {
  const hidden = found.first.input[0]!
  const rank = shape(hidden)?.length
  return rank === 3 || rank === undefined
    ? { ...found, hidden }
    : `the head reads ${rank} dimensions instead of batch, positions and width`
}
