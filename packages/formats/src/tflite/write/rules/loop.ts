// What rules that become a WHILE have in common: whether to go on, the row that a step reads, and a tensor with the row that it wrote.
import type { Dimension } from '@whyslow/graph/types.ts'
import type { LiteGraph, LiteTensor } from '../lite-graph.ts'
import type { Lowerer } from '../lowerer.ts'

/** Goes on while the first variable, the round, is below the second. */
export const roundsLeft = (lower: Lowerer, like: readonly Pick<LiteTensor, 'dtype' | 'shape'>[]): LiteGraph =>
  lower.graph('condition', like, ([time, last]) => [lower.op('LESS', [time, last], { dtype: 'bool', shape: [] })])

interface Place {
  readonly axis: number
  /** int32 scalar. */
  readonly place: LiteTensor
}

/** One entry of an axis, which goes. */
export function rowOf(lower: Lowerer, all: LiteTensor, { axis, place }: Place): LiteTensor {
  const shape = all.shape.filter((_, k) => k !== axis)
  return lower.op('GATHER', [all, place], { dtype: all.dtype, shape }, { axis })
}

/** `all` with `row` as one entry of an axis. */
export function withRow(lower: Lowerer, all: LiteTensor, { axis, place, row }: Place & { readonly row: LiteTensor }): LiteTensor {
  const sizes = all.shape.map((size, k): Dimension => (k === axis ? 1 : size))
  const update = lower.reshape(row, sizes)
  const zero = lower.scalar(0)
  const start = lower.pack(all.shape.map((_, k) => (k === axis ? place : zero)))
  return lower.op('DYNAMIC_UPDATE_SLICE', [all, update, start], { dtype: all.dtype, shape: all.shape })
}
