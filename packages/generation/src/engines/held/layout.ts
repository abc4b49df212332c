// What a decoder takes and gives, as plain data: the engine needs no graph, so that a shipped folder can carry this in a file.
import type { Dimension, DType } from '@whyslow/graph/types.ts'

/** An input of a step. */
export interface StepInput {
  readonly name: string
  readonly dtype: DType
}

/** The place of each new token in the sequence. */
export interface StepPlaces extends StepInput {
  /** As it is declared: [new], [batch, new], or as often as an image has axes. */
  readonly shape: readonly Dimension[] | null
}

/** One number of a step. */
export interface StepNumber extends StepInput {
  /** 0 for the shape [], 1 for [1]. */
  readonly rank: 0 | 1
  /**
   * isUsed: whether the caches hold anything. wanted: how many positions' logits, 0 for all. last: the place of the last token.
   * total, past: tokens held and new, and held.
   */
  readonly is: 'isUsed' | 'wanted' | 'last' | 'total' | 'past'
}

/** A cache of one layer, or a state of another kind: what a step gives as `present`, the next one takes as `past`. */
export interface HeldCache {
  readonly past: string
  /** null: another graph's first call gives it, and no step after it changes it (keys and values of an encoder). */
  readonly present: string | null
  readonly dtype: DType
  /** For a batch of one; at `axis` the number of tokens held, which is 0 at first. */
  readonly shape: readonly number[]
  /** The axis of the tokens; null: a state of one size, which cannot be cut. */
  readonly axis: number | null
  /**
   * Attention writes new tokens into the cache that it reads if both are the same memory, and takes its length from the mask: the cache may be
   * larger than what it holds (GroupQueryAttention).
   */
  readonly inPlace: boolean
}

/** What a call is fed and gives that is no cache. */
export interface HeldFeeds {
  /** [1, new tokens]. */
  readonly ids: StepInput
  /** [1, tokens held and new]: ones. */
  readonly mask: StepInput | null
  /** 0, 1, 2 … over the whole sequence. */
  readonly positions: readonly StepPlaces[]
  readonly numbers: readonly StepNumber[]
  /** [1, positions, vocabulary]. */
  readonly logits: string
}

export interface HeldLayout extends HeldFeeds {
  /** The graph gives the logits of the last position, however many are fed. */
  readonly onlyLast: boolean
  readonly caches: readonly HeldCache[]
  /** Tokens that each cache has room for, if the graph declares one size; null: as many as there are. */
  readonly capacity: number | null
}
