// StridedSlice: Python's x[a:b:c, ..., None, k] as five masks over three lists.
// https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/strided_slice_op.cc

import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { type AxisSlice, concat, slice, squeeze, takeEntry, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import type { Dimension } from '@whyslow/graph/types.ts'

/** A bound that is known, or the place in its list of one that is computed. */
type Bound = number | { readonly at: number }

/** One axis of the input: a range of it, or with `shrinks` the entry `begin` alone. */
export interface AxisRange {
  readonly kind: 'range'
  readonly axis: number
  /** Undefined: from the first. */
  readonly begin: Bound | undefined
  readonly end: Bound | undefined
  readonly step: number
  readonly shrinks: boolean
}

/** Axes of the result and of the input in order; 'new': an axis of size 1 that the input does not have. */
export type StridedAxis = AxisRange | { readonly kind: 'new' }

/** Names of the masks: the attributes of TensorFlow's operator, and the options of TFLite's. */
export const MASKS = ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'] as const

export interface StridedLists {
  /** A bound that is not a number is computed. */
  readonly begin: readonly Dimension[]
  readonly end: readonly Dimension[]
  readonly steps: readonly number[]
  readonly masks: Readonly<Record<(typeof MASKS)[number], number>>
}

/** Throws what `refuse` makes if the lists do not fit `shape`. */
export function stridedAxes(
  shape: readonly Dimension[],
  { begin, end, steps, masks }: StridedLists,
  refuse: (says: string) => Error,
): readonly StridedAxis[] {
  const rank = shape.length
  if (end.length !== begin.length) throw refuse(`has ${begin.length} bounds and ${end.length}`)
  const bits = (k: number) => MASKS.map((name) => ((masks[name] >> k) & 1) === 1)
  const named = begin.filter((_, k) => !bits(k)[2] && !bits(k)[3]).length
  const axes: StridedAxis[] = []
  let axis = 0
  const whole = (): StridedAxis => ({ kind: 'range', axis: axis++, begin: undefined, end: undefined, step: 1, shrinks: false })
  begin.forEach((from, k) => {
    const [noBegin, noEnd, isEllipsis, isNew, shrinks] = bits(k)
    if (isEllipsis) for (let rest = rank - named; rest > 0; rest--) axes.push(whole())
    else if (isNew) axes.push({ kind: 'new' })
    else {
      const bound = (value: Dimension): Bound => (typeof value === 'number' ? value : { at: k })
      const [step, size] = [steps[k] ?? 1, shape[axis]]
      if (step === 0) throw refuse('slices with a step of 0')
      if (shrinks && typeof from === 'number' && typeof size === 'number' && (from >= size || from < -size))
        throw refuse(`takes entry ${from} of ${size}`)
      const limits = shrinks
        ? { begin: bound(from), end: undefined }
        : { begin: noBegin ? undefined : bound(from), end: noEnd ? undefined : bound(end[k]!) }
      axes.push({ kind: 'range', axis: axis++, ...limits, step, shrinks: shrinks! })
    }
  })
  if (axis > rank) throw refuse(`slices ${axis} axes of ${rank}`)
  while (axis < rank) axes.push(whole())
  return axes
}

/** The list of bounds as it is when the model runs: int64. */
type ListOf = (bounds: 'begin' | 'end') => Value

export function stridedSlice(builder: GraphBuilder, x: Value, axes: readonly StridedAxis[], listOf: ListOf): Value {
  const ranges = axes.filter((axis) => axis.kind === 'range')
  let value = sliced(builder, x, ranges, listOf)
  // From the last axis, so that those before keep their place.
  for (const { axis, begin, shrinks } of ranges.toReversed()) {
    if (!shrinks) continue
    if (typeof begin === 'object') {
      const shape = value.shape.filter((_, k) => k !== axis)
      value = builder.op('Gather', [value, element(builder, listOf('begin'), begin.at)], { dtype: value.dtype, shape }, { axis })
    } else
      value =
        value.constant === undefined ? takeEntry(builder, value, { axis, index: begin! }) : taken(builder, value, axis, begin!)
  }
  const kept = axes.filter((axis) => axis.kind === 'new' || !axis.shrinks)
  return unsqueeze(
    builder,
    value,
    kept.flatMap((axis, k) => (axis.kind === 'new' ? [k] : [])),
  )
}

function taken(builder: GraphBuilder, value: Value, axis: number, index: number): Value {
  const end = index === -1 ? undefined : index + 1
  return squeeze(builder, slice(builder, value, [{ axis, start: index, end }]), [axis])
}

/** Ranges with bounds that are known in one node, the others in one more. */
function sliced(builder: GraphBuilder, x: Value, ranges: readonly AxisRange[], listOf: ListOf): Value {
  const isFixed = ({ begin, end }: AxisRange) => typeof begin !== 'object' && typeof end !== 'object'
  const cut = ranges.filter(({ shrinks }) => !shrinks)
  const fixed = cut.filter(isFixed).map(({ axis, begin, end, step }): AxisSlice => {
    return { axis, start: begin as number | undefined, end: end as number | undefined, step }
  })
  const part = slice(builder, x, fixed)
  const open = cut.filter((range) => !isFixed(range))
  if (open.length === 0) return part
  const shape = part.shape.map((size, axis) => (open.some((range) => range.axis === axis) ? null : size))
  const list = (bounds: 'begin' | 'end', otherwise: (step: number) => number) =>
    concat(
      builder,
      open.map((range) => boundOf(builder, listOf, bounds, range[bounds] ?? otherwise(range.step))),
      0,
    )
  const starts = list('begin', (step) => (step > 0 ? 0 : LARGEST))
  const ends = list('end', (step) => (step > 0 ? LARGEST : -LARGEST))
  const inputs = [part, starts, ends, builder.ints(open.map(({ axis }) => axis)), builder.ints(open.map(({ step }) => step))]
  return builder.op('Slice', inputs, { dtype: x.dtype, shape })
}

const LARGEST = 2 ** 53 - 1

/** A bound as a list of one. */
function boundOf(builder: GraphBuilder, listOf: ListOf, bounds: 'begin' | 'end', given: Bound): Value {
  if (typeof given === 'number') return builder.ints([given])
  return unsqueeze(builder, element(builder, listOf(bounds), given.at), [0])
}

/** One element of a list of bounds, as an int64 scalar. */
const element = (builder: GraphBuilder, list: Value, at: number): Value => takeEntry(builder, list, { axis: 0, index: at })
