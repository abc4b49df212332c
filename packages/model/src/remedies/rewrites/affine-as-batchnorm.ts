// Factors and sums with constants by channel, y = x * c + s, in one pass: a BatchNormalization of mean 0 and variance 1 with these as its scale
// and bias. Its kernel goes through each channel once, onnxruntime/core/providers/cpu/nn/batch_norm.cc; a Mul and an Add are two passes over the
// whole tensor. Group normalization as exporters write it ends in such a pair, and so does the preprocessing of images.

import { floatTensor } from '@whyslow/graph/build.ts'
import { affineChain, affineOf, byChannel, followsAffine } from '@whyslow/graph/rewrite/affine.ts'
import { countByOperator } from '@whyslow/graph/rewrite/bypass.ts'
import { isOperator, type Matching, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { nodesOfPatterns } from '@whyslow/graph/rewrite/patterns.ts'
import { times } from '@whyslow/graph/rewrite/sizes.ts'
import type { NodeProto } from 'onnx-buf'
import { defineRemedy } from '../kit/remedy.ts'
import { rewritingRemedy, savingOfFusing } from '../kit/rewriting.ts'
import { isUnfused } from '../kit/unfused.ts'

/** Since when the operator is as it is now, but for its training. */
const LEAST_OPSET = 9
/** Least elements of each channel: with fewer, the kernel is busy with beginning the next channel. */
const LEAST_SIZE = 4

export const affineAsBatchnorm = defineRemedy(
  rewritingRemedy({
    id: 'affine-as-batchnorm',
    title: 'Constant factors and sums by channel run in one pass',
    treats: ['unfused-elementwise', 'slow-normalization', 'memory-bound-operators', 'dispatch-overhead'],
    effect: 'rounding',
    find(matching, fresh, evidence) {
      if (matching.opset < LEAST_OPSET) return []
      // What the engine fuses must keep its form.
      const fusable = nodesOfPatterns(matching)
      return matching.graph.node.flatMap((one) =>
        !fusable.has(one) && isUnfused(evidence, one) ? (replace(matching, one, fresh) ?? []) : [],
      )
    },
    changes: ({ parts, replaced }) => `${countByOperator(parts)} as ${count(replaced.length, 'BatchNormalization')}`,
    saving: savingOfFusing,
  }),
)

/** The chain that starts at this node. */
function replace(matching: Matching, start: NodeProto, fresh: (hint: string) => string): Replacement | undefined {
  const first = affineOf(matching, start)
  if (first === undefined || followsAffine(matching, first) || isOfConv(matching, first)) return undefined
  const size = times(matching.shape(first.value)!.slice(2))
  if (typeof size === 'number' && size < LEAST_SIZE) return undefined
  const { parts, scale, shift } = affineChain(matching, first)
  if (parts.length < 2 || ![...scale, ...shift].every((value) => Number.isFinite(Math.fround(value)))) return undefined
  const output = parts.at(-1)!.output[0]!
  const vector = (hint: string, values: Iterable<number>) => floatTensor(fresh(`${output}_${hint}`), [first.channels], values)
  const [factors, terms] = [vector('scale', scale), vector('shift', shift)]
  const inputs = [first.value, factors.name, terms.name] as const
  const { add, addInitializers } = byChannel({ inputs, output, channels: first.channels }, fresh)
  return { parts, remove: new Set(parts), add: [add], addInitializers: [factors, terms, ...addInitializers] }
}

/** The engine itself puts what follows a convolution into its weights. */
function isOfConv(matching: Matching, { value, node: one }: { readonly value: string; readonly node: NodeProto }): boolean {
  const before = matching.producer(value)
  return isOperator(before, 'Conv', 'ConvTranspose') && matching.onlyReader(before) === one
}
