// STRIDED_SLICE: bounds for each axis, and masks that say which of them to leave out.
// https://www.tensorflow.org/api_docs/python/tf/strided_slice; tflite/kernels/strided_slice.cc
import type { Dimension } from '@whyslow/graph/types.ts'
import { binary } from '../../build/broadcast.ts'
import type { Value } from '../../build/graph-builder.ts'
import { stridedSlice as slice, stridedAxes } from '../../tensorflow/strided-slice.ts'
import { asInt64, input, movement, numbers, numbersIfKnown, type OperatorCall, optionsOf, type Writers } from '../operator.ts'

function stridedSlice(call: OperatorCall, x: Value): Value {
  const { builder } = call
  const { offset, ...masks } = optionsOf(call, 'StridedSliceOptions')
  const steps = numbers(call, 3)
  const [begin, stops] = [1, 2].map((k): readonly Dimension[] => numbersIfKnown(call, k) ?? steps.map(() => null)) as [
    readonly Dimension[],
    readonly Dimension[],
  ]
  // With an offset, ends are counted from where their axes begin.
  const sum = (a: Dimension, b: Dimension | undefined) => (typeof a === 'number' && typeof b === 'number' ? a + b : null)
  const end = offset ? begin.map((from, k) => sum(from, stops[k])) : stops
  const listOf = (bounds: 'begin' | 'end'): Value => {
    const list = asInt64(builder, input(call, bounds === 'begin' ? 1 : 2).value)
    return bounds === 'end' && offset ? binary(builder, 'Add', listOf('begin'), list) : list
  }
  return slice(builder, x, stridedAxes(x.shape, { begin, end, steps, masks }, call.refusal), listOf)
}

export const STRIDED_SLICE: Writers = { STRIDED_SLICE: movement(stridedSlice) }
