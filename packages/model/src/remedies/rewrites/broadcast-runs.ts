// ONNX Runtime walks two operands of different shapes in runs: as many elements as lie side by side in both. A constant of shape [3] with
// [1, 224, 224, 3] makes runs of three, one of shape [1] with [1, 172, 309, 1] runs of one, and starting a run costs more than its
// elements. The same constant repeated along the axis before, or with as many axes as the tensor, makes long ones.
// https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/providers/cpu/math/element_wise_ops.h (Broadcaster)

import { rawTensor } from '@whyslow/graph/build.ts'
import { type Constant, readBytes } from '@whyslow/graph/constants.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { sum } from '@whyslow/graph/rewrite/floats.ts'
import { isOperator, type Matching, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { nodesOfPatterns } from '@whyslow/graph/rewrite/patterns.ts'
import type { Size } from '@whyslow/graph/rewrite/sizes.ts'
import type { NodeProto } from 'onnx-buf'
import { defineRemedy } from '../kit/remedy.ts'
import { byProfile, rewritingRemedy } from '../kit/rewriting.ts'
import { isUnfused, timeWith } from '../kit/unfused.ts'

const BROADCASTING = 'Add Sub Mul Div Pow Min Max PRelu Equal Less Greater LessOrEqual GreaterOrEqual Where'.split(' ')

/** Runs of 3 took 13 times as long as those of 672, runs of 8 twice as long as those of 512, runs of 16 no longer. */
const SHORT_RUN = 8
/** Long enough that starting it is not felt. */
const LONG_RUN = 256
/** Elements that a constant may grow to. */
const MOST_ELEMENTS = 1 << 16
/** Share of the node's time that is left. */
const LEFT = 0.1

export const broadcastRuns = defineRemedy(
  rewritingRemedy({
    id: 'broadcast-runs',
    title: 'Constants are laid out so that the engine walks them in long runs',
    treats: ['slow-broadcast', 'memory-bound-operators', 'dispatch-overhead'],
    effect: 'exact',
    find(matching, fresh, evidence) {
      // The engine fuses these only where their numbers have few axes.
      const fusable = nodesOfPatterns(matching)
      const alone = matching.graph.node.filter((node) => !fusable.has(node) && isUnfused(evidence, node))
      return alone.flatMap((node) => lengthen(matching, node, fresh) ?? [])
    },
    changes: ({ parts }) => `${count(parts.length, 'constant')} laid out for longer runs`,
    saving: byProfile((evidence, { parts }) => (1 - LEFT) * sum(parts.map((node) => timeWith(evidence, node)))),
  }),
)

function lengthen(matching: Matching, node: NodeProto, fresh: (hint: string) => string): Replacement | undefined {
  if (!isOperator(node, ...BROADCASTING)) return undefined
  const tensors = node.input.filter((name) => matching.constant(name) === undefined)
  const shape = tensors.length === 1 ? matching.shape(tensors[0]) : undefined
  if (shape === undefined) return undefined
  const laid = node.input.map((name) => {
    const constant = matching.constant(name)
    const longer = constant && longerShape(constant, shape)
    return longer && rawTensor(fresh(`${name}_runs`), constant.dtype, longer, repeated(matching, constant, longer))
  })
  if (laid.every((one) => one === undefined)) return undefined
  return {
    parts: [node],
    remove: new Set([node]),
    add: [copyWith(node, { input: node.input.map((name, at) => laid[at]?.name ?? name) })],
    addInitializers: laid.flatMap((one) => one ?? []),
  }
}

/** The shape that makes long runs with a tensor of this one; undefined if the runs are long, or no shape is certain to help. */
function longerShape({ shape, elementCount, dtype }: Constant, tensor: readonly Size[]): readonly number[] | undefined {
  // A constant with more axes would broaden the result; packed and text have no bytes of their own for each element.
  if (shape.length > tensor.length || elementCount === 0 || /int4|string/.test(dtype)) return undefined
  const padded = [...Array<number>(tensor.length - shape.length).fill(1), ...shape]
  let axis = tensor.length - 1
  let run = 1
  for (; axis >= 0 && padded[axis] === tensor[axis]; axis--) run *= padded[axis]!
  if (axis < 0 || axis === tensor.length - 1 || run >= SHORT_RUN) return undefined
  if (elementCount === 1) return shape.length < tensor.length ? padded : undefined
  const longer = [...padded]
  let elements = elementCount
  for (; axis >= 0 && run < LONG_RUN; axis--) {
    const size = tensor[axis]
    if (typeof size !== 'number' || (padded[axis] !== 1 && padded[axis] !== size)) break
    if (padded[axis] === 1) elements *= size
    if (elements > MOST_ELEMENTS) break
    longer[axis] = size
    run *= size
  }
  return run >= 2 * SHORT_RUN ? longer : undefined
}

/** The constant's bytes as a tensor of this shape, which has its own or other sizes in place of 1. */
function repeated({ model }: Matching, constant: Constant, longer: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes = readBytes(model, constant)
  const width = bytes.length / constant.elementCount
  const shape = [...Array<number>(longer.length - constant.shape.length).fill(1), ...constant.shape]
  const total = longer.reduce((product, size) => product * size, 1)
  const all = new Uint8Array(total * width)
  for (let at = 0; at < total; at++) {
    let [left, from, stride] = [at, 0, 1]
    for (let axis = longer.length - 1; axis >= 0; axis--) {
      if (shape[axis] !== 1) from += (left % longer[axis]!) * stride
      left = Math.floor(left / longer[axis]!)
      stride *= shape[axis]!
    }
    all.set(bytes.subarray(from * width, (from + 1) * width), at * width)
  }
  return all
}
