// How the outputs of a changed setup compare with the original's on the same inputs, as plain data.

import type { DType } from '@whyslow/graph/types.ts'
import type { DecisionCounts } from './decision-loss.ts'

/**
 * What an output's numbers are for. scores: one of many classes, the last axis over the classes. binary: each element decides yes
 * or no at a threshold. label: classes by number or name, already decided. selection: rows that TopK or NonMaxSuppression picked, in an
 * order that means nothing. values: anything else.
 */
export type OutputMeaning = 'scores' | 'binary' | 'label' | 'selection' | 'values'

/** The outputs of one selection together, over all samples. */
export interface SelectionAgreement {
  readonly outputs: readonly string[]
  readonly by: 'TopK' | 'NonMaxSuppression'
  /** Rows selected, of the longer list of the two. */
  readonly rows: number
  /** Share of them, 0..1, that both select, or that stood as near to the cut-off as rounding may move scores. */
  readonly same: number
  /**
   * The same, each row by how far its score stands above the cut-off, which is a tie as near as scores are seen to move: twice the root
   * mean square of the differences of the rows that both select.
   */
  readonly alike: number
  /** Largest difference of the scores of a row that both select, of the largest score. */
  readonly maxPairRelative: number
}

/** Decisions on the inputs, ties not counted among those that differ. */
export interface DecisionsCompared {
  readonly rows: number
  readonly differing: number
  /** Absent: none differs, the rows are not made up, or what they decide by is not known. */
  readonly nearTies?: NearTies
  /** Labels differ, and no output holds the scores that would tell which of them were near ties. */
  readonly withoutScores?: true
}

/** Made-up rows on which the original is less sure than the candidate moves scores: see near-ties.ts. */
export interface NearTies {
  /** Those of the differing decisions whose margin is at most twice the root mean square of the moves. */
  readonly differing: number
  /** Share of decisions, 0 and more, that moves of this size change among rows whose margins are evenly spread up to the median. */
  readonly expected: number
}

/** The worst of the quantities that one output joins, each by its own size: see quantities.ts. */
export interface ApartAgreement {
  /** Completes 'the output y differs by 0.5 …'. `scale`: of this quantity. */
  readonly difference: { readonly where: string; readonly maxAbs: number; readonly scale: number; readonly maxRelative: number }
  readonly cosine: { readonly where: string; readonly value: number }
  /** Decibels; null if there is no noise or no signal. */
  readonly sqnr: { readonly where: string; readonly db: number } | null
  /** The count of the quantity that has the most, see OutputAgreement. */
  readonly silent?: number
}

export interface OutputAgreement {
  readonly name: string
  readonly dtype: DType
  readonly meaning: OutputMeaning
  /** Every element of every sample equal bit for bit. */
  readonly equal: boolean
  /** Share of elements, 0..1, that are equal: bit for bit, but that 0 equals -0 and every NaN any other. 1 for none. */
  readonly equalShare: number
  /** Largest difference of two numbers; 0 for strings and bools. */
  readonly maxAbs: number
  /** What differences are compared with: the size of the output's numbers in the original, see scale.ts. 0 if all are 0. */
  readonly scale: number
  /** Largest difference over the scale; for elements beyond the scale, over themselves. Infinity if the scale is 0 and they differ. */
  readonly maxRelative: number
  /**
   * Lowest cosine similarity of a sample, or of a quantity in `apart`; scores that say yes or no have one for all samples in which one decides. 1 if both
   * are as good as zero. null if the output is not float.
   */
  readonly cosine: number | null
  /** Signal to noise over all samples, decibels, of the worst quantity; null if there is no noise, no signal, or no float. */
  readonly sqnrDb: number | null
  /** Share of the decisions, 0..1, that are the same or were a tie up to rounding; of a selection, `alike`. null for 'values'. */
  readonly top1: number | null
  /** Absent: the output is one quantity, or differs by too little to look. */
  readonly apart?: ApartAgreement
  /** The decisions that `top1` is of. Absent for all else. */
  readonly decisions?: DecisionsCompared
  /** Samples in which no score reaches 0.25, and which are judged by the score that would decide. Absent: none. */
  readonly silent?: number
  /** The `same` of the selection whose rows it belongs to. Absent for all else. */
  readonly sameRows?: number
}

export type MetricName = 'accuracy' | 'mse' | 'mae'

/** A metric of the labelled samples. accuracy: share 0..1 that is right; mse and mae: mean squared and mean absolute error. */
export interface Metric {
  readonly name: MetricName
  readonly before: number
  readonly after: number
  /** Decisions behind an accuracy, row by row. Absent if they are not known. */
  readonly decisions?: DecisionCounts
}

/** What a detector's scores find in both, and where: see detections.ts. */
export interface HeadAgreement {
  readonly scores: readonly string[]
  /** Those of an output of their own that are logits: what their Sigmoid or Softmax gives is compared. Absent: none. */
  readonly logits?: readonly string[]
  /** Scores of 0.5 and more in at least one of the two, over all inputs. */
  readonly found: number
  /** Those that are below 0.25 in the other. */
  readonly differing: number
  /** 1/√(1 + noise/signal) of the scores found, 0..1. */
  readonly alike: number
  /** The least that a score would have to move further before it counts as differing; null: no score is so clear. */
  readonly margin: number | null
  /** Boxes and points at the rows that both find. */
  readonly places: readonly PlacesAgreement[]
}

export interface PlacesAgreement {
  readonly output: string
  /** overlap: mean intersection over union of boxes. distance: 1/√(1 + noise/signal) of offsets and points, by their own size there. */
  readonly by: 'overlap' | 'distance'
  readonly rows: number
  /** 0..1; 1 if they are equal. */
  readonly value: number
}

/** Maps of which the place of the largest value is read: see peaks.ts. */
export interface PeaksAgreement {
  readonly output: string
  /** Peaks of a quarter of the highest and more in one of the two, over all maps and inputs. */
  readonly seen: number
  /** Those that are further away in the other than 1/64 of the map's longer side, or are lower than that quarter there. */
  readonly moved: number
  /** The largest distance, of the longer side. */
  readonly farthest: number
  /** 1/√(1 + noise/signal) of their heights, 0..1. */
  readonly alike: number
}

/** Why the inputs say little about an output: nothing that it decides could have changed. */
export interface WeakOutput {
  readonly output: string
  /** Completes "'y' …". */
  readonly why: string
}

/** The worst over the outputs, and each of them. */
export interface Agreement {
  /** Why the outputs cannot be compared as numbers: other dtype, shape, or places of NaN and infinity. null: they can. */
  readonly mismatch: string | null
  readonly equal: boolean
  /** Largest difference over all outputs, labels apart: the distance of two class numbers means nothing. */
  readonly maxAbs: number
  readonly maxRelative: number
  readonly cosine: number | null
  readonly sqnrDb: number | null
  readonly top1: number | null
  readonly metric: Metric | null
  /** Why there is no metric although labels were given; null if there is one, or no labels. */
  readonly noMetric: string | null
  readonly outputs: readonly OutputAgreement[]
  /** Absent: no outputs are known to come from one. */
  readonly selections?: readonly SelectionAgreement[]
  /** Absent: no output is known to be a detector's scores. */
  readonly heads?: readonly HeadAgreement[]
  /** Absent: no output is known to be a map whose peaks are read. */
  readonly peaks?: readonly PeaksAgreement[]
  /** Outputs on which the original decides nothing, or always the same. Absent: none. */
  readonly weak?: readonly WeakOutput[]
  /** No output of the original holds a number other than 0: what a change loses does not show. Absent: some do. */
  readonly isEmpty?: true
}

/** A loss of decisions that was not seen, and that the rows are too few to rule out. */
export interface OpenLoss {
  readonly rows: number
  /** 0..1: with 95 % confidence the loss is no larger. */
  readonly largestLoss: number
  /** This many would show that it is within the limit, if none of them decides otherwise; null: no number does. */
  readonly rowsNeeded: number | null
}

export interface OutputCheck {
  readonly ok: boolean
  readonly reason: string
  readonly open?: OpenLoss
  /** null if the candidate gave no outputs to compare. */
  readonly agreement: Agreement | null
  /** Nothing of what is lost could show in what the original gives, whatever the candidate is. */
  readonly isBlind?: true
}
