// Pairs of operators that undo each other, or that are one: Transpose, Cast, changes of shape. Two Transposes with only elementwise
// operators between them cancel too, since those do not care for the order of axes.
// https://onnx.ai/onnx/operators/onnx__Transpose.html, …Cast

import { attribute } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { dtypeOf } from '@whyslow/graph/dtype.ts'
import { bypass, countByOperator, selectSeparate } from '@whyslow/graph/rewrite/bypass.ts'
import { elementwiseInput } from '@whyslow/graph/rewrite/elementwise.ts'
import { isLossless, roundsByValue } from '@whyslow/graph/rewrite/lossless-cast.ts'
import { intsOf, isOperator, type Matching, numberOf, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { mergeShapeChange } from '@whyslow/graph/rewrite/shape-changes.ts'
import type { NodeProto } from 'onnx-buf'
import { defineRemedy } from '../kit/remedy.ts'
import { rewritingRemedy, savingOfRemoving } from '../kit/rewriting.ts'

export const cancellingPairs = defineRemedy(
  rewritingRemedy({
    id: 'cancelling-pairs',
    title: 'Operators that undo each other are taken out',
    treats: ['layout-conversions', 'dispatch-overhead', 'cold-start'],
    effect: 'exact',
    goals: ['latency', 'throughput', 'load-time'],
    find: (matching, fresh) => selectSeparate(matching.graph.node.map((node) => PAIRS[node.opType]?.(matching, node, fresh))),
    toTheEnd: true,
    changes: ({ parts }) => `undone by or merged with another, taken out: ${countByOperator(parts)}`,
    saving: savingOfRemoving,
  }),
)

/** Finds a pair by its later operator. `parts` of the replacement are the nodes that go. */
type Pair = (matching: Matching, last: NodeProto, fresh: (hint: string) => string) => Replacement | undefined

const PAIRS: Readonly<Record<string, Pair>> = {
  Transpose: (matching, last, fresh) => transposes(matching, last, fresh) ?? mergeShapeChange(matching, last, fresh),
  Cast: casts,
  Reshape: mergeShapeChange,
  Flatten: mergeShapeChange,
  Squeeze: mergeShapeChange,
  Unsqueeze: mergeShapeChange,
}

/** The later one out, and the earlier one too if nobody else reads it. */
function bothOut(matching: Matching, last: NodeProto, first: NodeProto): Replacement | undefined {
  const out = bypass(matching, last, first.input[0]!)
  return out && { ...out, parts: matching.onlyReader(first) === last ? [first, last] : [last] }
}

function transposes(matching: Matching, last: NodeProto, fresh: (hint: string) => string): Replacement | undefined {
  if (!isOperator(last, 'Transpose')) return undefined
  const { producer, onlyReader } = matching
  // Elementwise operators between the two, in order.
  const between: { readonly node: NodeProto; readonly input: number }[] = []
  let first = producer(last.input[0])
  for (let input = first && elementwiseInput(matching, first); input !== undefined; ) {
    if (onlyReader(first!) !== (between[0]?.node ?? last)) return undefined
    between.unshift({ node: first!, input })
    first = producer(first!.input[input])
    input = first && elementwiseInput(matching, first)
  }
  if (!isOperator(first, 'Transpose')) return undefined
  const order = composed(matching, first, last)
  if (order === undefined) return undefined
  const source = first.input[0]!
  const isOnlyRead = onlyReader(first) === (between[0]?.node ?? last)
  const cancels = order === 'none'
  if (!cancels && !isOnlyRead) return undefined
  if (cancels && between.length === 0) return bothOut(matching, last, first)

  // Values between the two have another order of axes now, so they get other names: their declared shapes go with the old ones.
  let value = source
  const moved = between.map(({ node, input }, index) => {
    const read = value
    value = cancels && index === between.length - 1 ? last.output[0]! : fresh(`${node.output[0]}_moved`)
    return copyWith(node, { input: node.input.map((name, at) => (at === input ? read : name)), output: [value] })
  })
  const merged = cancels ? [] : [copyWith(last, { input: [value], attribute: [attribute('perm', order)] })]
  const parts = [...(isOnlyRead ? [first] : []), ...(cancels ? [last] : [])]
  return { parts, remove: new Set([...between.map(({ node }) => node), last]), add: [...moved, ...merged] }
}

/** The order of axes of both together; 'none' where it is as it was; undefined if it is not certain. */
function composed({ shape }: Matching, first: NodeProto, last: NodeProto): 'none' | readonly number[] | undefined {
  const [p, q] = [intsOf(first, 'perm'), intsOf(last, 'perm')]
  // Without `perm` the axes are reversed, whatever their number.
  if (p === undefined && q === undefined) return 'none'
  const rank = (p ?? q)!.length
  const reversed = Array.from({ length: rank }, (_, axis) => rank - 1 - axis)
  if ([shape(first.input[0]), p, q].some((one) => one !== undefined && one.length !== rank)) return undefined
  const order = (q ?? reversed).map((axis) => (p ?? reversed)[axis]!)
  return order.every((axis, index) => axis === index) ? 'none' : order
}

function casts(matching: Matching, last: NodeProto): Replacement | undefined {
  const first = matching.producer(last.input[0])
  if (!isOperator(last, 'Cast') || !isOperator(first, 'Cast')) return undefined
  const from = matching.dtype(first.input[0])
  const [by, to] = [first, last].map((node) => dtypeOf(numberOf(node, 'to', 0)))
  if (from === undefined || by === undefined || to === undefined || !isLossless(from, by)) return undefined
  if (from === to) return bothOut(matching, last, first)
  if (!roundsByValue(to) || matching.onlyReader(first) !== last) return undefined
  return { parts: [first], remove: new Set([first, last]), add: [copyWith(last, { input: [first.input[0]!] })] }
}
