// STRIDED_SLICE: bounds for each axis, and masks that say which of them to leave out.
// https://www.tensorflow.org/api_docs/python/tf/strided_slice; tflite/kernels/strided_slice.cc
import type { Value } from '../../build/graph-builder.ts'
import { binary, scalar } from '../../tensorflow/broadcast.ts'
import { type AxisSlice, slice, squeeze, unsqueeze } from '../../tensorflow/shapes.ts'
import {
  asInt64,
  FreeSizeError,
  input,
  moving,
  numbers,
  numbersIfKnown,
  type OperatorCall,
  optionsOf,
  type Writers,
} from '../operator.ts'

const END = 2 ** 53 - 1

interface Bounds {
  readonly begins: readonly number[]
  readonly ends: readonly number[]
  readonly steps: readonly number[]
}

function stridedSlice(call: OperatorCall, x: Value): Value {
  const [begins, ends, steps] = [numbersIfKnown(call, 1), numbersIfKnown(call, 2), numbers(call, 3)]
  if (begins === undefined || ends === undefined) return sliceAsRun(call, x, steps)
  if (begins.length !== ends.length || ends.length !== steps.length || steps.includes(0))
    throw call.refusal('has bounds of other axes')
  return sliceByMasks(call, x, { begins, ends, steps })
}

function sliceByMasks(call: OperatorCall, x: Value, { begins, ends, steps }: Bounds): Value {
  const { builder } = call
  const masks = optionsOf(call, 'StridedSliceOptions')
  const has = (mask: number, entry: number) => ((mask >> entry) & 1) === 1
  const rank = x.shape.length
  const ellipsis = begins.findIndex((_, entry) => has(masks.ellipsis_mask, entry))
  const isNew = (entry: number) => entry !== ellipsis && has(masks.new_axis_mask, entry)
  const taken = begins.filter((_, entry) => entry !== ellipsis && !isNew(entry)).length
  if (taken > rank) throw call.refusal(`has bounds for ${taken} axes of ${rank}`)
  const slices: AxisSlice[] = []
  // Axes of the result while it still has those of single entries; new ones are put in afterwards.
  const [gone, added]: [number[], number[]] = [[], []]
  let [axis, place] = [0, 0]
  for (const [entry, begin] of begins.entries()) {
    if (entry === ellipsis) {
      axis += rank - taken
      place += rank - taken
      continue
    }
    if (isNew(entry)) {
      added.push(place++)
      continue
    }
    const [size, step] = [x.shape[axis]!, steps[entry]!]
    if (has(masks.shrink_axis_mask, entry)) {
      if (typeof size === 'number' && (begin >= size || begin < -size)) throw call.refusal(`takes entry ${begin} of ${size}`)
      slices.push({ axis, start: begin, end: begin === -1 ? END : begin + 1 })
      gone.push(axis)
    } else {
      const start = has(masks.begin_mask, entry) ? undefined : begin
      const end = has(masks.end_mask, entry) ? undefined : masks.offset ? begin + ends[entry]! : ends[entry]!
      slices.push({ axis, start, end, step })
      place++
    }
    axis++
  }
  return unsqueeze(builder, squeeze(builder, slice(builder, x, slices), gone), added)
}

/** Bounds that are known when the model runs: neither an ellipsis nor new axes stand among them. */
function sliceAsRun(call: OperatorCall, x: Value, steps: readonly number[]): Value {
  const { builder } = call
  const { begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask, offset } = optionsOf(call, 'StridedSliceOptions')
  if (ellipsis_mask !== 0 || new_axis_mask !== 0)
    throw call.refusal('has new axes together with computed bounds, which is not supported')
  if (steps.length > x.shape.length) throw new FreeSizeError('bounds of more axes than there are')
  const flags = (mask: number) => steps.map((_, entry) => ((mask >> entry) & 1) === 1)
  const bools = (values: readonly boolean[]) =>
    builder.constant({ dtype: 'bool', shape: [values.length], data: Uint8Array.from(values, Number) }, 'mask')
  const given = asInt64(builder, input(call, 1).value)
  const firsts = builder.ints(steps.map((step) => (step > 0 ? 0 : END)))
  const begins = begin_mask === 0 ? given : builder.op('Where', [bools(flags(begin_mask)), firsts, given], given)
  const stops = asInt64(builder, input(call, 2).value)
  let ends = offset ? binary(builder, 'Add', begins, stops) : stops
  const lasts = builder.ints(steps.map((step) => (step > 0 ? END : -END)))
  if (end_mask !== 0) ends = builder.op('Where', [bools(flags(end_mask)), lasts, ends], ends)
  if (shrink_axis_mask !== 0) {
    const next = binary(builder, 'Add', begins, scalar(builder, 'int64', 1))
    // After the last entry, counted from the end, comes the end.
    const isLast = binary(builder, 'Equal', begins, scalar(builder, 'int64', -1))
    const single = builder.op('Where', [isLast, scalar(builder, 'int64', END), next], next)
    ends = builder.op('Where', [bools(flags(shrink_axis_mask)), single, ends], ends)
  }
  const axes = steps.map((_, axis) => axis)
  const shrunk = flags(shrink_axis_mask)
  const shape = x.shape.map((size, axis) => (axis >= steps.length ? size : shrunk[axis] ? 1 : null))
  const made = builder.op('Slice', [x, begins, ends, builder.ints(axes), builder.ints(steps)], { dtype: x.dtype, shape })
  return squeeze(
    builder,
    made,
    axes.filter((axis) => shrunk[axis]),
  )
}

export const STRIDED_SLICE: Writers = { STRIDED_SLICE: moving(stridedSlice) }
