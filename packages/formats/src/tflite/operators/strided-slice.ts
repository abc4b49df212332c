// STRIDED_SLICE: bounds for each axis, and masks that say which of them to leave out.
// https://www.tensorflow.org/api_docs/python/tf/strided_slice; tflite/kernels/strided_slice.cc

import { binary } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { stridedSlice as slice, stridedAxes } from '../../tensorflow/strided-slice.ts'
import { asInt64, input, knownNumbers, movement, numbers, type OperatorCall, optionsOf, type Writers } from '../operator.ts'

function stridedSlice(call: OperatorCall, x: Value): Value {
  const { builder } = call
  const { offset, ...masks } = optionsOf(call, 'StridedSliceOptions')
  const steps = numbers(call, 3)
  const [begin, stops] = [1, 2].map((k): readonly Dimension[] => knownNumbers(call, k) ?? steps.map(() => null)) as [
    readonly Dimension[],
    readonly Dimension[],
  ]
  // With an offset, ends are counted from where their axes begin: from the first or, backwards, the last, if the mask leaves out where.
  const isOpen = (k: number) => ((masks.begin_mask >> k) & 1) === 1
  const firsts = steps.map((step, k) => (isOpen(k) && step < 0 ? -1 : 0))
  const sum = (a: Dimension, b: Dimension | undefined) => (typeof a === 'number' && typeof b === 'number' ? a + b : null)
  const end = offset ? begin.map((from, k) => sum(isOpen(k) ? firsts[k]! : from, stops[k])) : stops
  const listOf = (bounds: 'begin' | 'end'): Value => {
    const list = asInt64(builder, input(call, bounds === 'begin' ? 1 : 2).value)
    if (bounds === 'begin' || !offset) return list
    if (masks.begin_mask === 0) return binary(builder, 'Add', listOf('begin'), list)
    const from = binary(builder, 'Mul', listOf('begin'), builder.ints(steps.map((_, k) => (isOpen(k) ? 0 : 1))))
    return binary(builder, 'Add', binary(builder, 'Add', from, builder.ints(firsts)), list)
  }
  return slice(builder, x, stridedAxes(x.shape, { begin, end, steps, masks }, call.refusal), listOf)
}

export const STRIDED_SLICE: Writers = { STRIDED_SLICE: movement(stridedSlice) }
