// What `whyslow embed --json` writes, version 1: a public contract. Times are milliseconds, counts are tokens or texts. What is not known is null,
// and `reasons` says why. docs/embeddings.md defines each number.
import type { Measured } from './generation.ts'

export interface EmbeddingDocument {
  readonly schema: 'whyslow-embedding/1'
  readonly tool: { readonly version: string }
  readonly createdAt: string
  readonly answer: string
  readonly model: EmbeddingModel
  readonly engine: {
    readonly id: string
    readonly title: string
    readonly versions: Readonly<Record<string, string>>
    readonly threads: number | null
  }
  readonly machine: { readonly cpu: string; readonly usableCpus: number; readonly node: string }
  readonly setup: EmbeddingSetup
  readonly lengths: EmbeddingLengths
  /** Every way that was measured, in the same processes, in turns. */
  readonly ways: readonly EmbeddingWay[]
  /** A text by itself, and a text of the largest batches as the texts come, as parts that add up; null: the model takes one text at a time. */
  readonly oneParts: EmbeddingParts
  readonly batchParts: EmbeddingParts | null
  /** The tokenizer and the engine opened, and the first text, in a fresh process. */
  readonly openMs: Measured
  readonly firstTextMs: Measured
  readonly trust: { readonly grade: 'A' | 'B' | 'C'; readonly reasons: readonly string[] }
  readonly findings: readonly EmbeddingFinding[]
  readonly clear: readonly string[]
  readonly doesNotApply: readonly string[]
  readonly notChecked: readonly { readonly rule: string; readonly reason: string }[]
  readonly reasons: Readonly<Record<string, string>>
  readonly warnings: readonly string[]
}

export interface EmbeddingModel {
  readonly name: string
  /** The ONNX file that was run: `whyslow FILE` says why it takes its time. */
  readonly modelFile: string
  /** As config.json says, as in 'bert'; null: it does not say. */
  readonly architecture: string | null
  /** As transformers.js calls the file: 'fp32', 'q8'. */
  readonly dtype: string
  readonly sizeBytes: number
  /** What is computed of a text: its vector, or scores of classes. */
  readonly gives: 'vector' | 'scores'
  readonly dimensions: number | null
  /** How the vectors of tokens become that of the text; null: the model does it, or gives scores. */
  readonly pooling: EmbeddingPooling | null
  /** The file that says so, as in '1_Pooling/config.json'; null: none says one that is known, and it is what most such models have. */
  readonly poolingFrom: string | null
  readonly normalizes: boolean
  readonly tokenizer: string
}

export type EmbeddingPooling = 'mean' | 'first' | 'last' | 'max'

export interface EmbeddingSetup {
  readonly texts: number
  readonly from: 'user' | 'made-up'
  /** Texts of the largest batch. */
  readonly batch: number
  /** Tokens that longer texts are cut to; null: nothing is cut. */
  readonly longestTokens: number | null
  /** What says so, as in 'tokenizer_config.json' or '--max-tokens'. */
  readonly longestFrom: string | null
  readonly processes: number
  readonly passesPerProcess: number
}

/** Tokens of the texts, special tokens included. */
export interface EmbeddingLengths {
  readonly shortest: number
  readonly median: number
  readonly mean: number
  readonly p90: number
  readonly longest: number
  /** Texts that were longer than what the model is given, and the share of all tokens that was cut off. */
  readonly cutTexts: number
  readonly cutShare: number
}

/** Texts in batches of one size, in one order, padded in one way. */
export interface EmbeddingWay {
  readonly batch: number
  /** `given`: as the texts come. `sorted`: by length. */
  readonly order: 'given' | 'sorted'
  /** Up to the longest text of each batch, or at least to `paddedTo`. */
  readonly padding: 'longest' | 'maximum'
  /** What tokenizer.json pads to, else `longestTokens`, else what the graph fixes; null: the longest of each batch. */
  readonly paddedTo: number | null
  readonly texts: number
  readonly msPerText: Measured
  /** Share of the positions computed that hold no token. */
  readonly paddedShare: number
  /** Time over that of the same texts one at a time (of `maximum`: padded to the longest), pair by pair; null: it is that way itself. */
  readonly ratio: Measured | null
}

export interface EmbeddingParts {
  readonly batch: number
  readonly totalMs: number
  /** Milliseconds of one text; they add up to `totalMs`, `unexplained` included. */
  readonly parts: readonly EmbeddingPart[]
}

export interface EmbeddingPart {
  readonly id: 'tokenize' | 'padding' | 'model' | 'model-padding' | 'pooling' | 'normalization' | 'unexplained'
  readonly ms: number
  /** Timed by itself, a part of a timed one by its share of the positions, or what is left. */
  readonly how: 'timed' | 'computed' | 'rest'
}

export interface EmbeddingFinding {
  readonly rule: string
  readonly title: string
  readonly sentence: string
  /** What a text would lose; null: unknown, and the sentence says so. */
  readonly textMs: number | null
  readonly savingIs: 'measured' | 'estimated' | 'unknown'
  /** A file of the folder; null: the program that encodes the texts. */
  readonly place: string | null
  readonly run: { readonly command: string; readonly arguments: readonly string[] } | null
}
