// A convolution over a map whose positions were only repeated (Resize or Upsample to the nearest) multiplies each number of the small map
// several times. The filter's taps that meet the same number are added beforehand: that is a transposed convolution over the small map, with a
// kernel of the filter spread over the factor, and runs as its phases (../kit/phase-convolution.ts). 3×3 behind 2×2 takes 4 products in place of 9:
// https://arxiv.org/abs/1609.07009 (Shi et al.).

import { int64Tensor, node } from '@whyslow/graph/build.ts'
import { sum } from '@whyslow/graph/rewrite/floats.ts'
import type { Matching, Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import type { TransposedWindow } from '@whyslow/graph/rewrite/phases.ts'
import { findUpsampled, PAD_INPUTS } from '@whyslow/graph/rewrite/upsampled-convolution.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'
import { asPhases, LEAST_OPSET, phasesOfAll } from '../kit/phase-convolution.ts'
import { defineRemedy } from '../kit/remedy.ts'
import { byProfile, rewritingRemedy } from '../kit/rewriting.ts'
import { isLong, timesOf, timeWith } from '../kit/unfused.ts'

/** Share of the products that is left: above this, arranging the results costs what is saved. */
const MOST_WORK = 0.75
interface Shrunk extends Replacement {
  /** Products left, as share of those before. */
  readonly work: number
}

export const upsampledConvolutions = defineRemedy(
  rewritingRemedy({
    id: 'upsampled-convolutions',
    title: 'Convolutions after an upsampling run on the small map',
    treats: ['inefficient-kernels', 'compute-bound-operators', 'memory-bound-operators', 'large-input-resolution'],
    effect: 'rounding',
    find(matching, fresh, evidence) {
      if (matching.opset < LEAST_OPSET) return []
      return matching.graph.node.flatMap((one) => (isLong(evidence, one) && shrink(matching, one, fresh)) || [])
    },
    changes: ({ replaced }) => `${count(replaced.length, 'convolution')} after an upsampling run on the small map`,
    // Products that are no longer computed, and passes over the large map; without what arranging the results takes.
    saving: byProfile((evidence, { replaced }) =>
      sum(
        replaced.map(
          ({ parts: [conv, ...before], work }) => (1 - work) * timeWith(evidence, conv!) + sum(timesOf(evidence, before)),
        ),
      ),
    ),
  }),
)

function shrink(matching: Matching, conv: NodeProto, fresh: (hint: string) => string): Shrunk | undefined {
  const found = findUpsampled(matching, conv)
  if (found === undefined) return undefined
  const { shape, pads, factors, around } = found
  const [channels, inputs, ...kernel] = shape as [number, number, ...number[]]
  const rank = kernel.length
  // Position m of the repeated map is position m + factor * around of the map with repeated edges.
  const padOf = (at: number): number => {
    const axis = at % rank
    return kernel[axis]! - 1 - pads[at]! + factors[axis]! * (around?.[at] ?? 0)
  }
  const transposed = kernel.map((taps, axis): TransposedWindow => {
    const stride = factors[axis]!
    return { kernel: taps + stride - 1, stride, pads: [padOf(axis), padOf(axis + rank)], outputPadding: 0 }
  })
  const axes = phasesOfAll(transposed)
  const work = axes?.reduce((all, { taps }, axis) => (all * taps) / kernel[axis]!, 1)
  if (axes === undefined || work! > MOST_WORK) return undefined
  const sides = around && repeatedEdges(matching, found.from, around, fresh)
  const spread = {
    weights: spreadTaps(found.weights, shape, factors),
    shape: [inputs, channels, ...transposed.map((one) => one.kernel)],
  }
  const phases = asPhases(matching, { one: conv, input: sides?.output ?? found.from, axes, ...spread }, fresh)
  if (phases === undefined) return undefined
  return {
    work: work!,
    parts: [conv, ...found.nodes],
    remove: phases.remove!,
    add: [...(sides?.nodes ?? []), ...(phases.add ?? [])],
    addInitializers: [...(sides?.initializers ?? []), ...(phases.addInitializers ?? [])],
  }
}

function repeatedEdges({ opset }: Matching, from: string, around: readonly number[], fresh: (hint: string) => string) {
  const rank = around.length / 2
  const pads = [0, 0, ...around.slice(0, rank), 0, 0, ...around.slice(rank)]
  const output = fresh(`${from}_edges`)
  const head = { opType: 'Pad', name: output }
  if (opset < PAD_INPUTS) return { output, nodes: [node(head, [from], [output], { mode: 'edge', pads })], initializers: [] }
  const given: TensorProto = int64Tensor(fresh(`${from}_around`), [pads.length], pads)
  return { output, nodes: [node(head, [from, given.name], [output], { mode: 'edge' })], initializers: [given] }
}

/**
 * Weights [C, C_in, ...kernel] as those of the transposed convolution, [C_in, C, ...kernel + factor - 1]: its tap `t` is the sum of the `factor`
 * taps from `kernel - 1 - t` on.
 */
function spreadTaps(weights: Float32Array, shape: readonly number[], factors: readonly number[]): Float32Array {
  const [channels, inputs, ...kernel] = shape as [number, number, ...number[]]
  const size = (sizes: readonly number[]): number => sizes.reduce((all, one) => all * one, 1)
  const wide = kernel.map((taps, axis) => taps + factors[axis]! - 1)
  const [taps, wideTaps] = [size(kernel), size(wide)]
  const places = Array.from({ length: taps }, (_, tap) => placesOf(tap, kernel, factors, wide))
  const sums = new Float64Array(inputs * channels * wideTaps)
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < inputs; i++) {
      const [from, to] = [(c * inputs + i) * taps, (i * channels + c) * wideTaps]
      for (let tap = 0; tap < taps; tap++) for (const place of places[tap]!) sums[to + place]! += weights[from + tap]!
    }
  }
  return Float32Array.from(sums)
}

/** Every tap of the wide kernel that a tap of the filter is part of; both counted with the last axis fastest. */
function placesOf(
  tap: number,
  kernel: readonly number[],
  factors: readonly number[],
  wide: readonly number[],
): readonly number[] {
  let rest = tap
  const at = kernel.toReversed().map((taps) => {
    const one = rest % taps
    rest = (rest - one) / taps
    return one
  })
  return at
    .reverse()
    .reduce<readonly number[]>(
      (all, one, axis) =>
        all.flatMap((place) =>
          Array.from({ length: factors[axis]! }, (_, k) => place * wide[axis]! + kernel[axis]! - 1 - one + k),
        ),
      [0],
    )
}
