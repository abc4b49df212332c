// StridedSlice: Python's x[a:b:c, ..., None, k] as five masks over three lists.
// https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/strided_slice_op.cc
import type { Dimension } from '@whyslow/graph/types.ts'
import type { Value } from '../build/graph-builder.ts'
import { type AxisSlice, concat, slice, squeeze, take, unsqueeze } from '../tensorflow/shapes.ts'
import type { OperatorCall } from './operator-call.ts'

/** One axis of the input: a range of it, or with `shrinks` the entry `begin` alone. Bounds that are computed are a place in the list. */
export interface AxisRange {
  readonly kind: 'range'
  readonly axis: number
  /** Undefined: from the first. An object: computed, the element of the list at this place. */
  readonly begin: number | { readonly at: number } | undefined
  readonly end: number | { readonly at: number } | undefined
  readonly step: number
  readonly shrinks: boolean
}

/** Axes of the result and of the input in order; 'new': an axis of size 1 that the input does not have. */
type StridedAxis = AxisRange | { readonly kind: 'new' }

/** Throws InputError if the lists have no known length, or name more axes than there are. */
export function stridedAxes(call: OperatorCall): readonly StridedAxis[] {
  const rank = call.input(0).shape.length
  const [begin, end] = [call.list(1), call.list(2)]
  if (begin === undefined || end === undefined)
    throw call.refuse('slices a number of axes that is not known; convert the model again')
  const steps = call.numbers(3, 'steps')
  const masks = ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'].map((key) =>
    call.node.number(key, 0),
  )
  const bits = (k: number) => masks.map((mask) => ((mask >> k) & 1) === 1)
  const named = begin.filter((_, k) => !bits(k)[2] && !bits(k)[3]).length
  const axes: StridedAxis[] = []
  let axis = 0
  const whole = (): StridedAxis => ({ kind: 'range', axis: axis++, begin: undefined, end: undefined, step: 1, shrinks: false })
  begin.forEach((from, k) => {
    const [noBegin, noEnd, isEllipsis, isNew, shrinks] = bits(k)
    if (isEllipsis) for (let rest = rank - named; rest > 0; rest--) axes.push(whole())
    else if (isNew) axes.push({ kind: 'new' })
    else {
      const bound = (value: Dimension) => (typeof value === 'number' ? value : { at: k })
      const step = steps[k] ?? 1
      if (step === 0) throw call.refuse('slices with a step of 0; convert the model again')
      const limits = shrinks
        ? { begin: bound(from), end: undefined }
        : { begin: noBegin ? undefined : bound(from), end: noEnd ? undefined : bound(end[k]!) }
      axes.push({ kind: 'range', axis: axis++, ...limits, step, shrinks: shrinks! })
    }
  })
  if (axis > rank) throw call.refuse(`slices ${axis} axes of ${rank}; convert the model again`)
  while (axis < rank) axes.push(whole())
  return axes
}

export function stridedSlice(call: OperatorCall): Value {
  const { builder } = call
  const axes = stridedAxes(call)
  const ranges = axes.filter((axis) => axis.kind === 'range')
  let value = sliced(call, ranges)
  // From the last axis, so that those before keep their place.
  for (const { axis, begin, shrinks } of ranges.toReversed()) {
    if (!shrinks) continue
    if (typeof begin === 'object') {
      const shape = value.shape.filter((_, k) => k !== axis)
      value = call.op('Gather', [value, element(call, 1, begin.at)], { dtype: value.dtype, shape }, { axis })
    } else value = value.constant === undefined ? take(builder, value, { axis, index: begin! }) : taken(call, value, axis, begin!)
  }
  const kept = axes.filter((axis) => axis.kind === 'new' || !axis.shrinks)
  return unsqueeze(
    builder,
    value,
    kept.flatMap((axis, k) => (axis.kind === 'new' ? [k] : [])),
  )
}

function taken(call: OperatorCall, value: Value, axis: number, index: number): Value {
  const end = index === -1 ? undefined : index + 1
  return squeeze(call.builder, slice(call.builder, value, [{ axis, start: index, end }]), [axis])
}

/** Ranges with bounds that are known in one node, the others in one more. */
function sliced(call: OperatorCall, ranges: readonly AxisRange[]): Value {
  const { builder } = call
  const isFixed = ({ begin, end }: AxisRange) => typeof begin !== 'object' && typeof end !== 'object'
  const cut = ranges.filter(({ shrinks }) => !shrinks)
  const fixed = cut.filter(isFixed).map(({ axis, begin, end, step }): AxisSlice => {
    return { axis, start: begin as number | undefined, end: end as number | undefined, step }
  })
  const x = slice(builder, call.input(0), fixed)
  const open = cut.filter((range) => !isFixed(range))
  if (open.length === 0) return x
  const shape = x.shape.map((size, axis) => (open.some((range) => range.axis === axis) ? null : size))
  const list = (bounds: readonly Value[]) => concat(builder, bounds, 0)
  const starts = list(open.map(({ begin, step }) => bound(call, 1, begin, step > 0 ? 0 : LARGEST)))
  const ends = list(open.map(({ end, step }) => bound(call, 2, end, step > 0 ? LARGEST : -LARGEST)))
  const inputs = [x, starts, ends, builder.ints(open.map(({ axis }) => axis)), builder.ints(open.map(({ step }) => step))]
  return call.op('Slice', inputs, { dtype: x.dtype, shape })
}

const LARGEST = 2 ** 53 - 1

/** A bound as a list of one. */
function bound(call: OperatorCall, input: number, given: AxisRange['begin'], open: number): Value {
  if (typeof given !== 'object') return call.builder.ints([given ?? open])
  return unsqueeze(call.builder, element(call, input, given.at), [0])
}

/** One element of a list of bounds, as an int64 scalar. */
function element(call: OperatorCall, input: number, at: number): Value {
  return take(call.builder, call.int64(call.input(input)), { axis: 0, index: at })
}
