// User's nodes that are one thing to a remedy, and are timed whole: the pieces of a normalization or of an attention, products of a value that
// is quantized by its own range, with what quantizes it for all of them, rows that are moved, with what repeats their indices, a convolution with
// the upsampling that it reads, and an operator without a kernel of its own, which the engine runs as the pieces that the standard defines it by.

import { biasBefore, findAttention } from '@whyslow/graph/patterns/attention.ts'
import { ANY_NORM, findNorm } from '@whyslow/graph/patterns/norm.ts'
import { isOperator, type Matching } from '@whyslow/graph/rewrite/match.ts'
import { pointwiseAfter } from '@whyslow/graph/rewrite/pointwise-after.ts'
import { findRowIndices } from '@whyslow/graph/rewrite/row-indices.ts'
import { findUpsampled } from '@whyslow/graph/rewrite/upsampled-convolution.ts'
import type { ProfiledNode } from '@whyslow/measure/timing/types.ts'
import type { NodeProto } from 'onnx-buf'
import { dynamicGroups } from '../../quantize/repair/dynamic-products.ts'

/** An executed node, and the user's nodes in it. */
export interface ExecutedNode {
  readonly node: ProfiledNode
  readonly parts: readonly NodeProto[]
}

/** Nodes of the main graph, by each of them. */
export type InseparableNodes = ReadonlyMap<NodeProto, ReadonlySet<NodeProto>>

export function indivisibleGroups(matching: Matching): InseparableNodes {
  const norms = matching.graph.node.flatMap((one) => findNorm(matching, one, ANY_NORM)?.parts ?? [])
  const attentions = matching.graph.node.flatMap((one) => attentionAround(matching, one) ?? [])
  const upsampled = matching.graph.node.flatMap((one) => upsampledConvolution(matching, one) ?? [])
  const things = [...upsampled, ...norms, ...attentions, ...dynamicGroups(matching.model), ...movesOfRows(matching)]
  return new Map(things.flatMap((parts) => [...parts].map((part) => [part, parts] as const)))
}

/** The attention around a Softmax, with the biases that only it reads; the products before them are not part of it. */
function attentionAround(matching: Matching, softmax: NodeProto): ReadonlySet<NodeProto> | undefined {
  const found = findAttention(matching, softmax)
  if (found === undefined) return undefined
  const sources = [found.query, found.key, found.value]
  return new Set([...found.parts, ...sources.flatMap((name) => biasBefore(matching, name, found.parts)?.node ?? [])])
}

/** The convolution, what makes the large map for it alone, and what the engine may take into it. */
function upsampledConvolution(matching: Matching, conv: NodeProto): ReadonlySet<NodeProto> | undefined {
  const before = findUpsampled(matching, conv)?.nodes ?? []
  if (before.length === 0) return undefined
  return new Set([...before, conv, ...pointwiseAfter(matching, conv).map(({ node }) => node)])
}

/** What repeats indices and brings them into shape, and all that move rows by them. */
function movesOfRows(matching: Matching): readonly ReadonlySet<NodeProto>[] {
  const moves = new Map<NodeProto, Set<NodeProto>>()
  for (const one of matching.graph.node) {
    const repeat = findRowIndices(matching, one)?.repeat
    if (repeat) moves.set(repeat, (moves.get(repeat) ?? shaping(matching, repeat)).add(one))
  }
  return [...moves.values()]
}

/** The engine runs equal ones once, and knows them as a part of those that read them. */
function shaping({ producer }: Matching, repeat: NodeProto): Set<NodeProto> {
  const parts = new Set([repeat])
  for (let at = producer(repeat.input[0]); isOperator(at, 'Unsqueeze', 'Reshape', 'Cast'); at = producer(at.input[0]))
    parts.add(at)
  return parts
}

/** Executed nodes that hold nothing but parts of one thing, where there are several of it; in their order. */
export function gather(executed: readonly ExecutedNode[], together: InseparableNodes): readonly (readonly ExecutedNode[])[] {
  const things = new Map<unknown, ExecutedNode[]>()
  for (const one of executed) {
    const thing = thingOf(one, together)
    if (thing !== undefined) things.set(thing, [...(things.get(thing) ?? []), one])
  }
  return [...things.values()].filter((pieces) => pieces.length > 1)
}

function thingOf({ node, parts }: ExecutedNode, together: InseparableNodes): unknown {
  const [first, ...others] = parts
  const thing = together.get(first!)
  if (thing !== undefined && others.every((other) => thing.has(other))) return thing
  return others.length === 0 && first!.opType !== node.opType ? first : undefined
}
