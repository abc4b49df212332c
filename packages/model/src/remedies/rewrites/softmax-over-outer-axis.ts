// A Softmax over an axis that several others follow. The engine swaps that axis with the last, computes row by row and swaps back
// (onnxruntime/core/providers/cpu/math/softmax.cc); swapping two of three axes is one of its fast transpositions, swapping two that others lie
// between is none. With the axes behind merged into one, the same numbers are in memory and the swap is the fast one. Heads of
// detectors (16 bins before 4 sides and thousands of places) and segmentation (classes before height and width) end in it.

import { int64Tensor, node } from '@whyslow/graph/build.ts'
import { isOperator, type Matching, numberOf, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import type { Size } from '@whyslow/graph/rewrite/sizes.ts'
import { axisFromFront } from '@whyslow/graph/view-attributes.ts'
import type { NodeProto } from 'onnx-buf'
import { defineRemedy, predictedSaving } from '../kit/remedy.ts'
import { rewritingRemedy } from '../kit/rewriting.ts'

export const softmaxOverOuterAxis = defineRemedy(
  rewritingRemedy({
    id: 'softmax-over-outer-axis',
    title: 'Softmax over an outer axis with the axes after it merged',
    treats: ['slow-normalization', 'costly-activations'],
    effect: 'exact',
    find: (matching, fresh) => matching.graph.node.flatMap((one) => merged(matching, one, fresh) ?? []),
    changes: ({ replaced }) => `${count(replaced.length, 'Softmax')} over an outer axis with the axes after it merged`,
    saving: (evidence) => predictedSaving(['slow-normalization'], evidence),
  }),
)

/** Before opset 13 all axes from the given one on are one: nothing is swapped there. */
const FIRST_OVER_ONE_AXIS = 13

/** undefined if fewer than two axes of more than one element follow it: then the swap is the fast one already. */
function merged({ opset, shape }: Matching, one: NodeProto, fresh: (hint: string) => string): Replacement | undefined {
  if (opset < FIRST_OVER_ONE_AXIS || !isOperator(one, 'Softmax', 'LogSoftmax')) return undefined
  const sizes = shape(one.input[0])
  if (sizes === undefined) return undefined
  const given = numberOf(one, 'axis', -1)
  const axis = axisFromFront(given, sizes.length)
  const behind = sizes.slice(axis + 1)
  if (behind.filter((size) => size !== 1).length < 2) return undefined
  const [input, output] = [one.input[0]!, one.output[0]!]
  const [flat, result, to] = [fresh(`${input}_merged`), fresh(`${output}_merged`), fresh(`${output}_merge`)]
  // 0 takes over a size.
  const taken = new Array<number>(axis + 1).fill(0)
  const toMerged = int64Tensor(to, [axis + 2], [...taken, product(behind) ?? -1])
  const back = wayBack(taken, behind, { input, fresh })
  return {
    parts: [one],
    remove: new Set([one]),
    add: [
      node({ opType: 'Reshape', name: fresh(`${one.name || output}_merge`) }, [input, to], [flat]),
      node({ opType: one.opType, name: one.name }, [flat], [result], { axis }),
      ...back.add,
      node({ opType: 'Reshape', name: fresh(`${one.name || output}_part`) }, [result, back.shape], [output]),
    ],
    addInitializers: [toMerged, ...back.addInitializers],
  }
}

const product = (sizes: readonly Size[]): number | undefined =>
  sizes.every((size) => typeof size === 'number') ? (sizes as number[]).reduce((all, size) => all * size, 1) : undefined

interface Way {
  readonly input: string
  readonly fresh: (hint: string) => string
}

/** The shape that the value had: constant but for one size at most, else asked for. */
function wayBack(taken: readonly number[], behind: readonly Size[], { input, fresh }: Way) {
  const shape = fresh(`${input}_shape`)
  const unknown = behind.filter((size) => typeof size !== 'number').length
  if (unknown > 1) return { shape, add: [node('Shape', [input], [shape])], addInitializers: [] }
  const sizes = [...taken, ...behind.map((size) => (typeof size === 'number' ? size : -1))]
  return { shape, add: [], addInitializers: [int64Tensor(shape, [sizes.length], sizes)] }
}
