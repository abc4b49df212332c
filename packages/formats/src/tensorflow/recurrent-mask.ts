// Masked steps of a recurrence, wherever they stand: a step that is masked keeps the states and repeats the output, so the recurrence
// over the steps that are not masked is the same recurrence. They are brought to the front, ONNX's sequence_lens says how many they
// are, and what comes out is spread to the places of the input.

import { binary, cast, scalar, where, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { reduce, runningSum } from '@whyslow/graph/builder/reduce.ts'
import { concat, sizeAsRun, sizesAsRun, slice, squeeze, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import { transpose } from './layout.ts'

export interface CompactedSequence {
  /** [n, steps, features]: steps that are not masked first, in their order. */
  readonly input: Value
  /** int32 [n]: how many they are; 1 if all are masked, since engines want a step. */
  readonly counts: Value
  /** bool [n, steps]. */
  readonly mask: Value
  /** int64 [n, steps]: steps that are not masked up to this one, itself included. */
  readonly upTo: Value
  /** [directions, n, units] where a step ran, else what it began with (undefined: zero). */
  orInitial(state: Value, initial: Value | undefined): Value
  /** [directions, n, units], zero where the step that comes last in its direction is masked. */
  zeroUnlessLast(last: Value, backwards: readonly boolean[]): Value
}

export function compact(builder: GraphBuilder, input: Value, mask: Value): CompactedSequence {
  const flags = cast(builder, mask, 'int64')
  const upTo = runningSum(builder, flags, 1)
  const total = reduce(builder, 'ReduceSum', flags, { axes: [1] })
  const counts = cast(builder, builder.op('Max', [total, scalar(builder, 'int64', 1)], total), 'int32')
  const any = unsqueeze(builder, withNumber(builder, 'Greater', total, 0), [0, 2])
  const zero = scalar(builder, input.dtype, 0)
  return {
    input: inFront(builder, input, flags),
    counts,
    mask,
    upTo,
    orInitial: (state, initial) => where(builder, any, state, initial ?? zero),
    zeroUnlessLast: (last, backwards) => {
      const ends = backwards.map((back) => {
        const end = slice(builder, mask, [{ axis: 1, start: back ? 0 : -1, end: back ? 1 : undefined }])
        return unsqueeze(builder, end, [0])
      })
      return where(builder, concat(builder, ends, 0), last, zero)
    },
  }
}

/** Steps that are not masked first: sorted by mask, then by time, as keys that are all different. */
function inFront(builder: GraphBuilder, input: Value, flags: Value): Value {
  const { shape } = flags
  const steps = sizeAsRun(builder, flags, 1)
  const start = scalar(builder, 'int64', 0)
  const step = scalar(builder, 'int64', 1)
  const time = builder.op('Range', [start, squeeze(builder, steps, [0]), step], { dtype: 'int64', shape: [shape[1]!] })
  const keys = binary(builder, 'Sub', binary(builder, 'Mul', flags, steps), time)
  const sorted = { dtype: 'int64', shape } as const
  const [, order] = builder.ops('TopK', [keys, steps], [sorted, sorted], { axis: 1 })
  const sizes = sizesAsRun(builder, input)
  const indices = builder.op('Expand', [unsqueeze(builder, order!, [2]), sizes], { dtype: 'int64', shape: input.shape })
  return builder.op('GatherElements', [input, indices], input, { axis: 1 })
}

/** `sequences` [steps, directions, n, units] of the steps in front, at the places of the input's steps. */
export function scatterSteps(
  builder: GraphBuilder,
  sequences: Value,
  { mask, upTo }: CompactedSequence,
  { backwards, zeroMasked }: { readonly backwards: readonly boolean[]; readonly zeroMasked: boolean },
): Value {
  // [n, steps] as [steps, 1, n, 1].
  const placed = (value: Value) => unsqueeze(builder, transpose(builder, value, [1, 0]), [1, 3])
  const before = binary(builder, 'Sub', upTo, cast(builder, mask, 'int64'))
  const total = reduce(builder, 'ReduceMax', upTo, { axes: [1], keepDims: true })
  // Forward: the last step that ran up to here. Backward: the next one that runs, which is the one that ran last.
  const sources = backwards.map((back) => placed(back ? before : withNumber(builder, 'Sub', upTo, 1)))
  const ran = backwards.map((back) =>
    placed(back ? binary(builder, 'Less', before, total) : withNumber(builder, 'Greater', upTo, 0)),
  )
  const last = binary(builder, 'Sub', sizeAsRun(builder, sequences, 0), scalar(builder, 'int64', 1))
  const inside = concat(builder, sources, 1)
  const atLeast = builder.op('Max', [inside, scalar(builder, 'int64', 0)], inside)
  const bounded = builder.op('Min', [atLeast, last], inside)
  const sizes = sizesAsRun(builder, sequences)
  const indices = builder.op('Expand', [bounded, sizes], { dtype: 'int64', shape: sequences.shape })
  const found = builder.op('GatherElements', [sequences, indices], sequences, { axis: 0 })
  const shown = zeroMasked ? placed(mask) : concat(builder, ran, 1)
  return where(builder, shown, found, scalar(builder, sequences.dtype, 0))
}
