// How the outputs of what was tried compare with the original's: a part of the rows of trials.

export interface TrialAgreement {
  readonly maxAbs: number
  readonly cosine: number | null
  readonly sqnrDb: number | null
  readonly equal: boolean
  readonly top1: number | null
  readonly metric: { readonly name: string; readonly before: number; readonly after: number } | null
  /**
   * Of decisions: on this many rows with 95 % confidence no larger (0..1); absent if none decides, and in documents from before it was
   * told.
   */
  readonly loss?: { readonly rows: number; readonly largest: number }
  readonly selections?: readonly SelectionAgreement[] // absent: none is known
  readonly heads?: readonly HeadAgreement[] // absent: no output is known to be a detector's scores
  readonly peaks?: readonly PeaksAgreement[] // absent: no output is known to be a map whose peaks are read
  readonly weak?: readonly WeakOutput[] // absent: the original decides something on these inputs, as far as is known
}

export interface HeadAgreement {
  readonly scores: readonly string[] // outputs of one head
  readonly logits?: readonly string[] // those of which Sigmoid or Softmax is left to the caller; absent: none in an output of its own
  readonly found: number // scores of 0.5 or more in the original or in the candidate, over all inputs
  readonly differing: number // of these, below 0.25 in one of the two
  readonly alike: number // 1/√(1 + noise/signal) of the scores found
  readonly margin: number | null // the least that a score would have to move further to differ; null: none is clear
  readonly places: readonly PlacesAgreement[] // boxes and points at the rows that both find
}

export interface PlacesAgreement {
  readonly output: string
  readonly by: 'overlap' | 'distance' // intersection over union, or 1/√(1 + noise/signal) by their own size there
  readonly rows: number
  readonly value: number // 0..1
}

/** The places and heights of the largest values of maps, as of keypoints. */
export interface PeaksAgreement {
  readonly output: string
  readonly seen: number // peaks of a quarter of the highest and more in one of the two, over all maps and inputs
  readonly moved: number // of these, by more than 1/64 of the map's longer side, or that one of the two alone has
  readonly farthest: number // the largest distance, of the longer side
  readonly alike: number // 1/√(1 + noise/signal) of their heights
}

/** An output that no change could show in. */
export interface WeakOutput {
  readonly output: string
  readonly why: string // 'finds nothing: its largest score is 0.003'
}

export interface SelectionAgreement {
  readonly outputs: readonly string[] // that come from one selection: judged by what it selects, not by the order
  readonly by: string // TopK or NonMaxSuppression
  readonly rows: number // selected, over all inputs
  readonly same: number // share of them that both select, or that are a tie up to rounding
  /** Each by how far its score stands above the cut-off, a tie as far as scores were seen to move: what the loss counts, as top1 does. */
  readonly alike: number
}
