// What is known of a generator's size, whatever its file is. What nobody says is null.

export interface ModelNumbers {
  /** As the file or its config.json says, as in 'llama'. */
  readonly architecture: string | null
  readonly layers: number | null
  readonly heads: number | null
  readonly kvHeads: number | null
  readonly headSize: number | null
  readonly vocabulary: number | null
  readonly context: number | null
  /** How most bytes of the weights are kept: 'float32', 'int4', 'Q4_1'. */
  readonly dtype: string | null
  readonly cacheDtype: string | null
  readonly parameters: number | null
  /** Read for each token: all weights, but of an embedding table that is not the head as well one row. */
  readonly bytesPerToken: number | null
  readonly cacheBytesPerToken: number | null
}

/** null: neither is known. */
export const smallestKnown = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.min(a, b)
