// Boxes that overlap, as TensorFlow's NonMaxSuppression and TFLite's have it: https://www.tensorflow.org/api_docs/python/tf/image/non_max_suppression

import { binary } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { concat, gather, reshape, sizeAsRun, slice, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import type { Dimension } from '@whyslow/graph/types.ts'

export interface Suppression {
  /** [n, 4]: corners y1, x1, y2, x2. */
  readonly boxes: Value
  /** [n], of several classes [classes, n]. */
  readonly scores: Value
  /** How many stay at most, of each class: int64 [1]. */
  readonly most: Value
  /** Boxes that overlap a better one by more than this share of their union go: [1]. */
  readonly overlap: Value
  /** Boxes with no higher score go: [1]. Absent: none. */
  readonly threshold?: Value | undefined
}

/** Indices of the boxes that stay, the best first: int64, as many as there are. */
export function suppressBoxes(builder: GraphBuilder, parts: Suppression): Value {
  const scores = unsqueeze(builder, parts.scores, [0, 1])
  return reshape(builder, slice(builder, found(builder, { ...parts, scores }), [{ axis: 1, start: 2 }]), [null])
}

/** The same with their scores and how many they are; with `size` zeros behind both, up to the most. */
export function suppressedWithScores(builder: GraphBuilder, parts: Suppression, size: Dimension | undefined) {
  const chosen = suppressBoxes(builder, parts)
  const count = builder.op('Size', [chosen], { dtype: 'int64', shape: [] })
  const filled = (value: Value): Value => {
    if (size === undefined) return value
    const pads = concat(builder, [builder.ints([0]), binary(builder, 'Sub', parts.most, sizeAsRun(builder, value, 0))], 0)
    return builder.op('Pad', [value, pads], { dtype: value.dtype, shape: [size] })
  }
  return { indices: filled(chosen), scores: filled(gather(builder, parts.scores, chosen)), count }
}

/** Class and box of those that stay, each class on its own, one after the other, the best of each first: int64 [n, 2]. */
export function suppressByClass(builder: GraphBuilder, parts: Suppression): Value {
  const scores = unsqueeze(builder, parts.scores, [0])
  return slice(builder, found(builder, { ...parts, scores }), [{ axis: 1, start: 1 }])
}

/** Batch, class and box, of scores [batch, classes, n]. */
function found(builder: GraphBuilder, { boxes, scores, most, overlap, threshold }: Suppression): Value {
  const inputs = [unsqueeze(builder, boxes, [0]), scores, most, overlap, threshold]
  return builder.op('NonMaxSuppression', inputs, { dtype: 'int64', shape: [null, 3] })
}
