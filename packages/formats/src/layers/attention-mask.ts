// Which queries may look at which values: Keras' masks of the inputs, a mask of the call, causal masks and sliding windows.
// keras/src/layers/attention/multi_head_attention.py: _compute_attention_mask

import { binary, cast, scalar, unary, where, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { indicesBelow } from '@whyslow/graph/builder/reduce.ts'
import { sizeAsRun, squeeze, unsqueeze } from '@whyslow/graph/builder/shapes.ts'

export interface AttentionMask {
  /** [n, queries, …], [n, values, …]: for their sizes. */
  readonly query: Value
  readonly value: Value
  /** bool [n, queries], [n, values], [n, values]. */
  readonly queryMask?: Value | undefined
  readonly valueMask?: Value | undefined
  readonly keyMask?: Value | undefined
  /** bool [n, queries, values], or what broadcasts to it. */
  readonly given?: Value | undefined
  readonly causal: boolean
  /** Steps that a query sees on either side, itself included. */
  readonly window?: number | undefined
}

/** bool [n or 1, queries, values]; undefined: all may look at all. */
export function attentionMask(builder: GraphBuilder, parts: AttentionMask): Value | undefined {
  const { query, value, queryMask, valueMask, keyMask, given, causal, window } = parts
  const masks: Value[] = []
  if (queryMask !== undefined) masks.push(unsqueeze(builder, queryMask, [2]))
  for (const mask of [valueMask, keyMask]) if (mask !== undefined) masks.push(unsqueeze(builder, mask, [1]))
  if (causal || window !== undefined) {
    const rows = unsqueeze(builder, indices(builder, query), [0, 2])
    const columns = unsqueeze(builder, indices(builder, value), [0, 1])
    if (causal) masks.push(binary(builder, 'GreaterOrEqual', rows, columns))
    const distance = () => unary(builder, 'Abs', binary(builder, 'Sub', rows, columns))
    if (window !== undefined) masks.push(withNumber(builder, 'Less', distance(), window))
  }
  if (given !== undefined) masks.push(given)
  return masks.length === 0 ? undefined : masks.reduce((all, mask) => binary(builder, 'And', all, mask))
}

/** 0, 1, … along axis 1. */
function indices(builder: GraphBuilder, x: Value): Value {
  const size = x.shape[1]!
  if (typeof size === 'number') return indicesBelow(builder, 'int64', size)
  const limit = squeeze(builder, sizeAsRun(builder, x, 1), [0])
  const [start, step] = [scalar(builder, 'int64', 0), scalar(builder, 'int64', 1)]
  return builder.op('Range', [start, limit, step], { dtype: 'int64', shape: [size] })
}

/** Scores [n, …, queries, values] as shares, 0 to what a query may not see; `zeroed`: 0 even where it may see nothing. */
export function maskedSoftmax(
  builder: GraphBuilder,
  scores: Value,
  { mask, zeroed }: { readonly mask: Value | undefined; readonly zeroed: boolean },
): Value {
  const softmax = (x: Value) => unary(builder, 'Softmax', x, { axis: x.shape.length - 1 })
  if (mask === undefined) return softmax(scores)
  const shares = softmax(where(builder, mask, scores, scalar(builder, scores.dtype, -1e9)))
  return zeroed ? binary(builder, 'Mul', shares, cast(builder, mask, shares.dtype)) : shares
}
