// The largest of numbers that went through a function that never falls is the function of the largest: max(f(a), f(b)) = f(max(a, b)). Behind
// the maximum the function is computed for what is left: of a detector's scores one of 80 classes, of a map a quarter. The engine keeps the
// order in which the model has them, and puts an activation into the convolution before it: that one is left.
// https://onnx.ai/onnx/operators/onnx__ReduceMax.html, …MaxPool, …GlobalMaxPool

import { copyWith } from '@whyslow/graph/copy.ts'
import { countByOperator } from '@whyslow/graph/rewrite/bypass.ts'
import { attributeOf, intsOf, isOperator, type Matching, numberOf, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { times } from '@whyslow/graph/rewrite/sizes.ts'
import { axisFromFront } from '@whyslow/graph/view-attributes.ts'
import type { NodeProto } from 'onnx-buf'
import { defineRemedy, type RemedyEvidence } from '../kit/remedy.ts'
import { rewritingRemedy, savingOfRemoving } from '../kit/rewriting.ts'
import { isUnfused } from '../kit/unfused.ts'

export const activationAfterMaximum = defineRemedy(
  rewritingRemedy({
    id: 'activation-after-maximum',
    title: 'Activations are computed after a maximum, and not before it',
    treats: ['costly-activations', 'memory-bound-operators'],
    effect: 'rounding',
    find: (matching, fresh, evidence) => matching.graph.node.flatMap((one) => swapped(matching, one, fresh, evidence) ?? []),
    toTheEnd: true,
    changes: ({ parts }) => `computed after a maximum: ${countByOperator(parts)}`,
    saving: savingOfRemoving,
  }),
)

function swapped(
  matching: Matching,
  maximum: NodeProto,
  fresh: (hint: string) => string,
  evidence: RemedyEvidence,
): Replacement | undefined {
  const activation = matching.producer(maximum.input[0])
  if (
    activation === undefined ||
    matching.onlyReader(activation) !== maximum ||
    matching.dtype(activation.input[0]) !== 'float32'
  )
    return undefined
  if (!neverFalls(activation) || !isMaximum(matching, maximum) || !isUnfused(evidence, activation)) return undefined
  const [value, output] = [fresh(`${maximum.output[0]}_maximum`), maximum.output[0]!]
  return {
    parts: [activation],
    remove: new Set([activation, maximum]),
    add: [
      copyWith(maximum, { input: [activation.input[0]!, ...maximum.input.slice(1)], output: [value] }),
      copyWith(activation, { input: [value], output: [output] }),
    ],
  }
}

function neverFalls(one: NodeProto): boolean {
  if (isOperator(one, 'LeakyRelu')) return numberOf(one, 'alpha', 0.01) >= 0
  return isOperator(one, 'Relu', 'Sigmoid', 'Tanh', 'Exp', 'Erf', 'Softplus')
}

/** Fewer numbers, each of them the largest of one at least: of none it would be a number that the function was not computed of. */
function isMaximum(matching: Matching, one: NodeProto): boolean {
  if (one.output.slice(1).some((name) => name !== '')) return false
  if (isOperator(one, 'MaxPool')) return isPlainPool(one)
  const sizes = reducedSizes(matching, one)
  const many = sizes && times(sizes)
  return typeof many === 'number' && many > 1
}

/** True if no window is all padding, and there are fewer windows than numbers. */
function isPlainPool(one: NodeProto): boolean {
  const kernel = intsOf(one, 'kernel_shape') ?? []
  const pads = intsOf(one, 'pads') ?? []
  const isEven = numberOf(one, 'ceil_mode', 0) === 0 && (intsOf(one, 'dilations') ?? []).every((step) => step === 1)
  const isWithin = pads.every((pad, at) => pad >= 0 && pad < kernel[at % kernel.length]!)
  const skips = (intsOf(one, 'strides') ?? []).some((stride) => stride > 1)
  return isEven && isWithin && skips && attributeOf(one, 'auto_pad') === undefined
}

/** Sizes of the axes that go; undefined if these are not known. */
function reducedSizes({ shape, numbers }: Matching, one: NodeProto) {
  const sizes = shape(one.input[0])
  if (isOperator(one, 'GlobalMaxPool')) return sizes?.slice(2)
  if (!isOperator(one, 'ReduceMax') || sizes === undefined) return undefined
  const axes = intsOf(one, 'axes') ?? (one.input[1] ? numbers(one.input[1]) : [])
  if (axes === undefined || axes.length > 0) return axes?.map((axis) => sizes[axisFromFront(axis, sizes.length)]!)
  return numberOf(one, 'noop_with_empty_axes', 0) === 0 ? sizes : undefined
}
