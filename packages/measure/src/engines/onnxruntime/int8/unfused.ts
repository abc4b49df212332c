// Why a quantized group is not computed in int8 as one operator: it breaks a condition, or is of a form that the engine does not fuse.
import type { Condition } from './conditions.ts'

export type UnfusedReason =
  | Condition
  | 'optimization-level'
  | 'inserted-late'
  | 'float-pair'
  | 'weights-only'
  | 'scaling-apart'
  | 'integer-convolution'
  | 'float-products'
  | 'not-known'

/** A group that did not fuse, as far as it tells what repairs it. */
export interface UnfusedGroup {
  readonly condition: UnfusedReason
  /** Type of the operator in it. */
  readonly opType: string
  /** Constants are dequantized in it. */
  readonly hasConstants: boolean
  /** Ranges of values can be measured: made-up inputs do not tell them. */
  readonly canMeasureRanges: boolean
}
