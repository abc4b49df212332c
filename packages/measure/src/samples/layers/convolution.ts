// A model's first convolution, as numbers.

export interface Convolution {
  /** [outputs, channels of a group, height, width]. */
  readonly shape: readonly number[]
  readonly weights: readonly number[]
  readonly groups: number
  readonly dilations: readonly number[]
  /** One number for each output; null: none, so that no batch normalization was folded into it. */
  readonly bias: readonly number[] | null
}
