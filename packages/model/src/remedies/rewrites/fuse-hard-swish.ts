// HardSwish and HardSigmoid in pieces, as exporters write them for older opsets: clip(x + 3, 0, 6) / 6, and that times x, with the sixth before or
// behind the product. HardSigmoid is one pass where the pieces are three, and unlike a sum or a quotient with a constant it stays in the
// engine's blocked layout, and so does the product. onnxruntime/core/optimizer/nchwc_transformer.cc
// https://onnx.ai/onnx/operators/onnx__HardSigmoid.html : max(0, min(1, alpha * x + beta))

import { node } from '@whyslow/graph/build.ts'
import {
  isClosed,
  isNear,
  isOperator,
  type Matching,
  numberOf,
  otherOperand,
  type Replacement,
  withConstant,
} from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import type { NodeProto } from 'onnx-buf'
import { defineRemedy } from '../kit/remedy.ts'
import { rewritingRemedy, savingOfFusing } from '../kit/rewriting.ts'

export const fuseHardSwish = defineRemedy(
  rewritingRemedy({
    id: 'fuse-hard-swish',
    title: 'HardSwish written in pieces becomes HardSigmoid and a product',
    treats: ['unfused-elementwise', 'layout-conversions', 'memory-bound-operators', 'dispatch-overhead'],
    effect: 'rounding',
    betweenOperators: true,
    find: (matching, fresh) => matching.graph.node.flatMap((clip) => replace(matching, clip, fresh) ?? []),
    changes: ({ replaced, parts }) => `${count(replaced.length, 'HardSigmoid')} instead of ${count(parts.length, 'node')}`,
    saving: savingOfFusing,
  }),
)

function replace(matching: Matching, clip: NodeProto, fresh: (hint: string) => string): Replacement | undefined {
  if (!isOperator(clip, 'Clip') || matching.dtype(clip.input[0]) !== 'float32') return undefined
  const [low, high] = limitsOf(matching, clip)
  const sum = withConstant(matching, matching.producer(clip.input[0]), 'Add')
  const shift = matching.scalar(sum?.constant)
  if (sum === undefined || shift === undefined || low !== 0 || !(high > 0) || !Number.isFinite(high)) return undefined
  const x = sum.value
  const parts = new Set([sum.node, clip])
  const next = matching.onlyReader(clip)
  const isByX = isOperator(next, 'Mul') && otherOperand(next, clip.output[0]!) === x
  if (isByX) parts.add(next)
  const scaled = isByX ? matching.onlyReader(next) : next
  const factor = factorOf(matching, scaled, (isByX ? next : clip).output[0]!)
  if (scaled === undefined || factor === undefined || !isNear(factor * high, 1)) return undefined
  parts.add(scaled)
  const result = scaled.output[0]!
  if (broadens(matching, parts, [x, result]) || !isClosed(matching, parts, [result])) return undefined
  const share = isByX ? fresh(`${result}_share`) : result
  const attributes = { alpha: { float: 1 / high }, beta: { float: shift / high } }
  const add = [node({ opType: 'HardSigmoid', name: isByX ? share : scaled.name || result }, [x], [share], attributes)]
  if (isByX) add.push(node({ opType: 'Mul', name: scaled.name || result }, [x, share], [result]))
  return { parts: [...parts], remove: parts, add }
}

/** Constants of more axes than x would give the result theirs. Of an x of which nothing is known they have one axis at most. */
function broadens({ constant, shape }: Matching, parts: ReadonlySet<NodeProto>, [x, result]: readonly [string, string]): boolean {
  const rank = shape(x)?.length
  if (rank !== undefined) return rank !== shape(result)?.length
  return [...parts].some(({ input }) => input.some((name) => (constant(name)?.shape.length ?? 0) > 1))
}

/** NaN if one is not known. */
function limitsOf({ opset, scalar }: Matching, clip: NodeProto): readonly [number, number] {
  if (opset < 11) return [numberOf(clip, 'min', Number.NaN), numberOf(clip, 'max', Number.NaN)]
  return [scalar(clip.input[1]) ?? Number.NaN, scalar(clip.input[2]) ?? Number.NaN]
}

/** The number that the node multiplies `value` with. */
function factorOf(matching: Matching, one: NodeProto | undefined, value: string): number | undefined {
  const found = withConstant(matching, one, 'Mul', 'Div')
  const number = found?.value === value ? matching.scalar(found.constant) : undefined
  return number === undefined || found!.node.opType === 'Mul' ? number : 1 / number
}
