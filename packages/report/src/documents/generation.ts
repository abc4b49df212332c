// What `whyslow generate --json` writes, version 1: a public contract. Times are milliseconds; counts are tokens; sizes are bytes. What is not
// known is null, and `reasons` says why. docs/method.md defines each number, and how other tools' words differ.

export interface GenerationDocument {
  readonly schema: 'whyslow-generation/1'
  readonly tool: { readonly version: string }
  readonly createdAt: string
  readonly answer: string
  readonly model: GenerationModel
  readonly engine: GenerationEngine
  readonly machine: {
    readonly cpu: string
    readonly usableCpus: number
    readonly node: string
  }
  readonly setup: GenerationSetup
  readonly speed: GenerationSpeed
  /** Time per output token over the tokens in the cache; null: the engine's loop cannot be started at a depth. */
  readonly depthLine: DepthLine | null
  /** Time of one engine call that feeds several tokens at once, at one depth; null: not measured. */
  readonly severalTokens: SeveralTokens | null
  /** Median time of one output token, and of the first, as parts that add up to it; null: the engine shows nothing of its inside. */
  readonly tokenParts: PartsOf | null
  readonly firstTokenParts: PartsOf | null
  readonly floor: GenerationFloor | null
  readonly estimates: readonly GenerationEstimate[]
  readonly findings: readonly GenerationFinding[]
  readonly clear: readonly string[]
  readonly doesNotApply: readonly string[]
  readonly notChecked: readonly { readonly rule: string; readonly reason: string }[]
  /** What `fix` tried, kept and proved; absent: nothing was tried. */
  readonly fix?: GenerationFix
  readonly reasons: Readonly<Record<string, string>>
  readonly warnings: readonly string[]
}

/** A median with its 95 % interval over processes. */
export interface Measured {
  readonly value: number
  readonly low: number
  readonly high: number
}

export interface GenerationModel {
  readonly name: string
  readonly kind: 'onnx' | 'transformers-folder' | 'genai-folder' | 'gguf' | 'address'
  /** As the file says, as in 'llama'; null: it does not say. */
  readonly architecture: string | null
  readonly layers: number | null
  readonly kvHeads: number | null
  readonly headSize: number | null
  readonly vocabulary: number | null
  readonly context: number | null
  /** How most bytes of the weights are kept: 'float32', 'int4', 'Q4_1'. */
  readonly dtype: string | null
  readonly cacheDtype: string | null
  readonly parameters: number | null
  /** Read for each token: all weights, but of the embedding table one row. */
  readonly bytesPerToken: number | null
  readonly cacheBytesPerToken: number | null
  readonly tokenizer: string | null
}

export interface GenerationEngine {
  readonly id: string
  readonly title: string
  readonly versions: Readonly<Record<string, string>>
  readonly threads: number | null
  readonly prefillThreads: number | null
}

export interface GenerationSetup {
  readonly promptTokens: number
  readonly newTokens: number
  readonly prompts: 'user' | 'made-up'
  readonly sampling: string
  readonly endIgnored: boolean
  readonly processes: number
  readonly callsPerProcess: number
  /** The share of all prompt tokens that a prefix cache already held; null: the engine does not say. */
  readonly cachedShare: number | null
}

export interface GenerationSpeed {
  readonly timeToFirstTokenMs: Measured
  /** (last - first) / (tokens - 1) of a call; the median over calls. Null if one token was generated. */
  readonly timePerTokenMs: Measured | null
  readonly interTokenMs: { readonly p50: number; readonly p90: number; readonly p99: number } | null
  readonly prefillTokensPerSecond: Measured | null
  readonly tokensPerSecond: Measured | null
  /** The first call of a process: to its first token, and what opening took before. */
  readonly coldFirstTokenMs: Measured | null
  readonly openMs: Measured | null
  /** A call that ends by itself: tokens and total; null: not tried. */
  readonly naturalStop: { readonly tokens: number; readonly totalMs: number } | null
  readonly trust: { readonly grade: 'A' | 'B' | 'C'; readonly reasons: readonly string[] }
}

export interface DepthLine {
  readonly points: readonly { readonly depth: number; readonly ms: number; readonly low: number; readonly high: number }[]
  readonly interceptMs: number
  readonly slopeMsPerThousand: number
  /** Slope over that of reading the cache once at the measured bandwidth; null: unknown. */
  readonly slopeOverFloor: number | null
}

export interface SeveralTokens {
  readonly depth: number
  readonly points: readonly { readonly tokens: number; readonly ms: number; readonly ratio: number }[]
}

export interface PartsOf {
  readonly totalMs: number
  readonly depth: number
  /** Parts in the order they are drawn; milliseconds add up to `totalMs`, 'unexplained' included. */
  readonly parts: readonly TokenPart[]
}

export interface TokenPart {
  readonly id: TokenPartId
  readonly ms: number
  /** How it was found: timed by itself, a difference of two timings, computed from bytes and a measured bandwidth, or what is left. */
  readonly how: 'timed' | 'difference' | 'computed' | 'rest'
  readonly note: string | null
}

export type TokenPartId =
  /** All weights, the head's too, read once at the measured bandwidth; the other parts are what goes beyond. */
  | 'weights'
  | 'cache-read'
  /** Products with weights beyond reading these. */
  | 'matmul'
  | 'cache-copied'
  | 'cache-exported'
  | 'attention'
  | 'head'
  | 'other-operators'
  /** What an engine that shows no operators takes beyond reading weights and cache. */
  | 'engine'
  | 'dispatch'
  | 'thread-handoff'
  | 'logits-copied'
  | 'feeds'
  | 'processors'
  | 'sampler'
  | 'detokenize'
  | 'streamer'
  | 'loop'
  | 'garbage'
  | 'tokenize'
  | 'unexplained'

export interface GenerationFloor {
  /** Bytes a second that are only read, by all threads of the engine, from the nearest level that holds them. */
  readonly bytesPerSecond: number
  readonly level: string
  readonly threads: number
  readonly weightsMs: number
  readonly cacheMsPerThousand: number
  /** The floor over the measured time per token: 1 is as fast as memory allows. */
  readonly shareOfFloor: number | null
}

/** Not measured: computed from the floor, the line over depth and the curve of several tokens. */
export interface GenerationEstimate {
  readonly what: string
  readonly depth: number | null
  readonly timePerTokenMs: number
  readonly why: string
}

export interface GenerationFinding {
  readonly rule: string
  readonly title: string
  readonly sentence: string
  /** What a token, and the first token, would lose; null: unknown, and the sentence says so. */
  readonly tokenMs: number | null
  readonly firstTokenMs: number | null
  readonly savingIs: 'measured' | 'estimated' | 'unknown'
  /** A node of the graph, or file:line; null: the whole model. */
  readonly place: string | null
  readonly run: { readonly command: string; readonly arguments: readonly string[] } | null
}

export interface GenerationFix {
  readonly tried: readonly GenerationTrial[]
  readonly kept: readonly string[]
  readonly folder: string | null
  /** The folder against the original, in alternating processes. */
  readonly timePerTokenRatio: Measured | null
  readonly firstTokenRatio: Measured | null
  readonly equality: GenerationEquality
}

export interface GenerationTrial {
  readonly remedy: string
  readonly outcome: 'kept' | 'not faster' | 'not equal' | 'does not apply' | 'failed'
  readonly reason: string
  readonly timePerTokenRatio: Measured | null
}

export interface GenerationEquality {
  readonly prompts: number
  readonly tokensPerPrompt: number
  /** Prompts whose ids are all equal. */
  readonly equal: number
  /** How many of the others first differ where the two best logits are closer than the tolerance. */
  readonly nearTies: number
  readonly perplexityRatio: number | null
  /** The user's own metric of the answers to their prompts; absent: none was given. */
  readonly metric?: GenerationMetric
  readonly sentence: string
}

export interface GenerationMetric {
  /** The name of its file. */
  readonly name: string
  readonly before: number
  readonly after: number
}
