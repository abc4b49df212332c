// The engine computes a transposed convolution as a product of matrices, image by image, and adds what that gives position by position
// into the output: onnxruntime/core/providers/cpu/nn/conv_transpose.cc. As an ordinary convolution with a channel for each of the
// stride² phases (../../rewrite/phases.ts), whose channels are then laid out as positions, it runs in the kernels of Conv.

import { floatsOf } from '@whyslow/graph/rewrite/floats.ts'
import { isOperator, type Matching, numberOf, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { transposedAxes } from '@whyslow/graph/rewrite/phases.ts'
import type { NodeProto } from 'onnx-buf'
import { asPhases, LEAST_OPSET, phasesOfAll } from '../kit/phase-convolution.ts'
import { defineRemedy } from '../kit/remedy.ts'
import { byFindings, rewritingRemedy } from '../kit/rewriting.ts'
import { isLong } from '../kit/unfused.ts'

/** Most work, in multiples of the products before: above this, taps of zeros cost what is saved. */
const MOST_WORK = 2.3
export const transposedConvolutions = defineRemedy(
  rewritingRemedy({
    id: 'transposed-convolutions',
    title: 'Transposed convolutions run as convolutions whose channels become positions',
    treats: ['inefficient-kernels', 'compute-bound-operators', 'memory-bound-operators'],
    effect: 'rounding',
    find(matching, fresh, evidence) {
      if (matching.opset < LEAST_OPSET) return []
      return matching.graph.node.flatMap((one) => (isLong(evidence, one) && replace(matching, one, fresh)) || [])
    },
    changes: ({ replaced }) =>
      `${count(replaced.length, 'transposed convolution')} run as convolutions whose channels become positions`,
    // How far the kernels of either lie from their floor, nothing but a measurement tells.
    saving: byFindings,
  }),
)

function replace(matching: Matching, one: NodeProto, fresh: (hint: string) => string): Replacement | undefined {
  const shape = matching.constant(one.input[1])?.shape
  if (!isOperator(one, 'ConvTranspose') || numberOf(one, 'group', 1) !== 1 || shape === undefined) return undefined
  const kernel = shape.slice(2)
  const transposed = transposedAxes(one, kernel, matching.shape(one.input[0])?.slice(2) ?? [])
  const axes = transposed && phasesOfAll(transposed)
  const weights = floatsOf(matching, one.input[1])
  if (axes === undefined || weights === undefined) return undefined
  const work = axes.reduce((all, { taps, stride }, axis) => (all * taps * stride) / kernel[axis]!, 1)
  // Above that it would be more work than is saved.
  return work > MOST_WORK ? undefined : asPhases(matching, { one, input: one.input[0]!, weights, shape, axes }, fresh)
}
