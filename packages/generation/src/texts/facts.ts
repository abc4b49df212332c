// What rules of texts look at: ways of batching that were measured in the same processes, in turns, and what the files of the model say.
import { type NextCommand, nextCommand } from '@whyslow/diagnosis/next-command.ts'
import { definerOf, type Rule, type WithAbsent } from '@whyslow/diagnosis/rule.ts'
import type { EmbeddingDocument, EmbeddingWay } from '@whyslow/report/documents/embedding.ts'

/** A way against another one, over the same texts: time over time, pair by pair. */
export interface WayComparison {
  readonly way: EmbeddingWay
  readonly other: EmbeddingWay
  readonly ratio: number
  readonly ratioLow: number
  readonly ratioHigh: number
}

/** What of a text was tokenized, and what of that the model is given. */
export interface TruncationFact {
  /** The mean of a text. */
  readonly tokenizeMs: number
  readonly tokens: number
  readonly keptTokens: number
  readonly longestTokens: number | null
}

export interface FixedPaddingFact {
  readonly tokens: number
  /** 'tokenizer.json', or the model's file, whose inputs have one size. */
  readonly from: string
  /** Padded to so many tokens against padded to the longest of the batch; null: the model takes no other length. */
  readonly against: WayComparison | null
}

export interface TextsEvidence extends WithAbsent {
  readonly setup?: EmbeddingDocument['setup']
  /** Time of a text one at a time. */
  readonly oneMs?: number
  /** Sorted by length against as the texts come, in the largest batches. */
  readonly sorted?: WayComparison
  /** The best way in batches against one at a time. */
  readonly batched?: WayComparison
  /** Smaller batches, sorted, against the largest, sorted. */
  readonly smaller?: WayComparison
  readonly truncation?: TruncationFact
  /** Absent: each batch is as long as its longest text. */
  readonly fixedPadding?: FixedPaddingFact | 'none'
}

export type TextRule = Rule<TextsEvidence>

export const defineRule = definerOf<TextsEvidence>()

/** Faster, proven, and by so much that somebody would notice. */
export const isFaster = ({ ratio, ratioHigh }: WayComparison, least = 0.03): boolean => ratioHigh < 1 && 1 - ratio >= least

/** What a text would save, ms: the ratio is of pairs, so that it counts and not the difference of two medians. */
export const savedMs = ({ other, ratio }: WayComparison): number => Math.max(0, other.msPerText.value * (1 - ratio))

/** The same measurement with a setting of its own. */
export const embedAgain = (...words: readonly string[]): NextCommand => nextCommand('embed', { placeholder: 'MODEL' }, ...words)
