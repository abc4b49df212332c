// What every generator of text can do, whatever runs it: the port that engines implement and that measuring, dividing and proving use.
// Types only. Times are milliseconds on one monotonic clock of the process that generates; counts are tokens.

/** How the next token is chosen. `greedy`: the largest logit, the lowest id of equals. */
export type Sampling =
  | { readonly kind: 'greedy' }
  | {
      readonly kind: 'sample'
      readonly temperature: number
      readonly topK: number | null
      readonly topP: number | null
      readonly seed: number
      /** Tokens below this share of the best one's probability are left out; absent: none. */
      readonly minP?: number | null
      readonly penalties?: Penalties
      /** Each replaces that of the model's files; absent: those of the files. */
      readonly constraints?: Constraints
    }

/** Which tokens may not come next, because of those before. */
export interface Constraints {
  /** No sequence of this many tokens is repeated; 0 or absent: no limit. */
  readonly noRepeatNgram?: number
  /** An answer does not end before it has this many tokens; 0 and absent: it may end at once. */
  readonly minNewTokens?: number
}

/** What an answer has so far. */
export interface AnswerSoFar {
  /** Tokens before it: the prompt, or what a decoder behind an encoder begins with. */
  readonly prompt: readonly number[]
  readonly made: readonly number[]
  /** The most tokens that it may have. */
  readonly most: number
}

/** Changes logits in place before the next token is chosen. */
export type LogitsProcessor = (logits: Float32Array, answer: AnswerSoFar) => void

/** What makes tokens less probable that are there already. */
export interface Penalties {
  /** Logits of tokens of the prompt and of the answer are divided by it, negative ones multiplied; 1: nothing. */
  readonly repetition: number
  /** Taken from logits of tokens of the answer, once, and as often as they came; 0: nothing. */
  readonly presence: number
  readonly frequency: number
}
/** What an encoder reads that is no text: sound as it was recorded, or an image that is made up from a seed. */
export type Media =
  | { readonly kind: 'sound'; readonly samples: Float32Array; readonly samplesPerSecond: number }
  | { readonly kind: 'image'; readonly seed: number }

export interface GenerationRequest {
  /** Token ids if the engine takes ids, else a text. Of an encoder–decoder the encoder reads it. */
  readonly prompt: readonly number[] | string
  /** What the encoder reads in place of the prompt, which is empty then; absent: it reads the prompt, or there is no encoder. */
  readonly media?: Media
  /** The most new tokens. With `ignoreEnd` exactly so many are generated, and tokens that end a text do not end it. */
  readonly newTokens: number
  readonly ignoreEnd: boolean
  readonly sampling: Sampling
  /** What a file of the model adds to greedy choice, such as a repetition penalty, is left out: engines are compared. Absent: it stays, as users have it. */
  readonly plain?: boolean
  /** false: no tokens are drafted, if the engine can leave that out. Absent: as it does by itself. */
  readonly drafts?: boolean
  /** Texts that end the generation; not part of what is returned. */
  readonly stop: readonly string[]
}

/** One token, or one chunk of text if the engine tells no tokens. */
export interface GeneratedToken {
  /** null: the engine tells text only. */
  readonly id: number | null
  /** null: the engine tells ids only. Empty while the bytes of a character are incomplete. */
  readonly text: string | null
  /** Time from the call to the moment the caller has it. */
  readonly atMs: number
}

/** How a token's text is made of its id. */
export interface DetokenizeFact {
  readonly tokens: number
  /** Median time for each of the first tenth of the tokens, and of the last. */
  readonly earlyMs: number
  readonly lateMs: number
}

/** What one call took apart, as far as the engine can tell; each part summed over the call. Absent: not known, never 0. */
export interface CallParts {
  readonly tokenizeMs?: number
  /** Loading the model for this call, as a server reports it. */
  readonly loadMs?: number
  /** What an encoder reads made of sound or an image, and the encoder itself. */
  readonly featuresMs?: number
  readonly encoderMs?: number
  /** Whole engine calls: of the prompt, and of the tokens after it. */
  readonly prefillRunMs?: number
  readonly decodeRunMs?: number
  /** Feeds made and outputs read between engine calls: masks, positions, tensors, copies of the cache that JavaScript holds. */
  readonly feedsMs?: number
  readonly logitsMs?: number
  readonly processorsMs?: number
  readonly samplerMs?: number
  readonly detokenizeMs?: number
  readonly streamerMs?: number
  readonly garbageMs?: number
}

/** What an encoder was given in one call. */
export interface EncodedInput {
  readonly reads: 'text' | 'sound' | 'image'
  /** Positions that it gives the decoder, and those that hold nothing: silence that fills its window. */
  readonly positions: number
  readonly emptyPositions: number
  /** Length of one position; null: it is no time. */
  readonly positionMs: number | null
}

export interface Generation {
  readonly tokens: readonly GeneratedToken[]
  /** Tokens of the prompt as the engine counted them, those that the decoder begins with if there is an encoder; null: it does not say. */
  readonly promptTokens: number | null
  /** How many of those a cache already held; null: unknown. */
  readonly cachedTokens: number | null
  /** New tokens as the engine counts them (`usage`), which chunks need not equal; null: it does not say. */
  readonly generatedTokens: number | null
  readonly ended: 'length' | 'end' | 'stop'
  readonly totalMs: number
  readonly parts: CallParts
  /** Tokens that were drafted, and those of them that were right; absent: none, or it does not say. */
  readonly drafted?: { readonly tokens: number; readonly accepted: number }
  /** Absent: there is no encoder, or the engine does not tell. */
  readonly encoded?: EncodedInput
  /** How the time of making text grew over the call; absent: not known, or too few tokens to tell. */
  readonly detokenize?: DetokenizeFact
  /**
   * If `tokens` are chunks: the time per token after those of the first chunk, and when the last token came. Absent: the times of `tokens` say it, or the
   * number of tokens is not known.
   */
  readonly timePerTokenMs?: number
  readonly lastTokenMs?: number
}

/** One engine call of an engine whose loop is ours. */
export interface Step {
  /** Float32 [positions, vocabulary], positions 1 if `logits` was 'last'; empty for 'none'. Valid until the next call. */
  readonly logits: Float32Array
  readonly positions: number
  /** Inside the engine, and around it: feeds made, outputs taken. */
  readonly runMs: number
  readonly feedsMs: number
  /** Logits made readable, if the engine tells it apart. */
  readonly logitsMs?: number
}

/** A sequence whose cache holds what was fed. */
export interface Sequence {
  /** Tokens in the cache. */
  readonly length: number
  /** Feeds `ids` (at least one) after what the cache holds. Throws InputError if the context's limit would be passed. */
  feed(ids: readonly number[], logits: 'last' | 'all' | 'none'): Promise<Step>
  /** Feeds as `feed` does and gives the most probable next token. Absent: it takes as long as logits. */
  next?(ids: readonly number[]): Promise<number>
  /**
   * false: the cache is a state from which no tokens can be taken, so that `cut` to more than nothing feeds again what stays. Absent: it can be cut, as
   * far as the engine tells.
   */
  readonly canCut?: boolean
  /** Forgets all tokens after the first `length`: prefix cache, speculation that was refused, and repeated measuring at one depth. */
  cut(length: number): void
  close(): void
}

/** What whoever calls an encoder–decoder has to know of its encoder. */
export interface EncoderFacts {
  readonly reads: EncodedInput['reads']
  /** The rate of the sound that it reads, and the longest that it reads at once; null: it reads no sound, or a sound of any length. */
  readonly samplesPerSecond: number | null
  readonly longestMs: number | null
}

export interface DecoderBeginning {
  /** Fed before the first token that is chosen. */
  readonly ids: readonly number[]
  /** null: nothing is forbidden or forced. */
  readonly process: LogitsProcessor | null
  /** As the model's files say; a request may say otherwise. Absent: none. */
  readonly constraints?: Constraints
}

/** A generator opened in this process. Native code runs only in child processes of a trial. */
export interface Generator {
  readonly engine: string
  /** Names and versions of what runs it, as in { onnxruntime: '1.30.0' }. */
  readonly versions: Readonly<Record<string, string>>
  readonly vocabulary: number | null
  /** The longest context, prompt and new tokens together; null: it does not say. */
  readonly context: number | null
  /** Ids that end a text. */
  readonly endIds: readonly number[]
  /** Ids of a text without special tokens being added, but those of an encoder's text; null if the engine cannot tell. */
  readonly encode: ((text: string) => readonly number[]) | null
  readonly decode: ((ids: readonly number[]) => string) | null
  /** A whole call, as a user makes it; `onToken` is called as each token is available. */
  generate(request: GenerationRequest, onToken?: (token: GeneratedToken) => void): Promise<Generation>
  /**
   * A sequence with an empty cache, fed step by step; null if the loop is the engine's own. `longest`: the most tokens that it will hold, for engines that
   * make room for all of them at once; absent: the context. `source`: what the encoder reads, if there is one; absent: what it read last.
   */
  readonly start: ((longest?: number, source?: readonly number[] | Media) => Sequence) | null
  /** The encoder in front of the decoder, and what the decoder begins with; absent: it stands alone. */
  readonly encoder?: EncoderFacts
  readonly beginning?: DecoderBeginning
  /** Whether `generate` takes a text that nobody tokenized; absent: it does not. */
  readonly takesTexts?: boolean
  /** Whether it takes token ids; absent: it does. */
  readonly takesIds?: boolean
  /** Threads that the engine itself says it computes with; absent: it does not say. */
  readonly threads?: number
  /** Threads that its package would take by itself, more than there are CPUs: as many as there are CPUs are used. Absent: its own number is used. */
  readonly defaultThreads?: number
  /** How many sequences may be open at the same time; absent: as many as memory holds. */
  readonly sequences?: number
  /** Requests that were sent so far; absent: it sends none. */
  readonly requests?: () => number
  close(): Promise<void>
}

/** Where a generator runs and with what; plain data that a child process is handed. */
export interface GeneratorOptions {
  /** Threads of the engine; null: the engine's default. */
  readonly threads: number | null
  /** Threads of prefill if they differ from those of decode. */
  readonly prefillThreads: number | null
  readonly dtype: string | null
  readonly pythonPath: string | null
  /** Most requests that may be sent to an address, all counted. */
  readonly mostRequests: number
}

/** What was recognized, as an engine needs to know it. */
export interface Opened {
  readonly kind: GeneratorKind
  /** What the encoder reads; absent: there is no encoder. */
  readonly reads?: EncodedInput['reads']
}

/** An engine: what it can open, and how. One file each in engines/. */
export interface GeneratorEngine {
  readonly id: string
  /** It runs the ONNX graph in onnxruntime-node, and the cache passes through JavaScript: one step of the graph can be profiled as what it runs. */
  readonly runsGraph?: true
  /** Attention that can writes new keys and values into the buffer of the cache that it reads. */
  readonly writesInPlace?: true
  /** Its products with weights are ONNX Runtime's kernels of the CPU, whose speed can be measured without it. */
  readonly usesOrtKernels?: true
  /**
   * What it reads of a folder in place of the file that was recognized, as in 'the weights of PyTorch': neither that file's bytes nor its graph say anything of
   * it, and `dtype` is a name of its own. Absent: it reads that file.
   */
  readonly otherWeights?: string
  readonly title: string
  /** Whether it opens what was recognized; a reason that fits in one line if not. */
  readonly opens: (recognized: Opened) => true | string
  /** What is missing on this machine, with the command that installs it; null: nothing. */
  readonly missing: (options: GeneratorOptions, folder: string) => Promise<string | null>
  readonly open: (source: string, options: GeneratorOptions) => Promise<Generator>
  /** The prompt may have threads of its own. */
  readonly threadsApart?: true
  /** What the loop around its call is made of, if it is a package's; absent: it is whyslow's, or nobody divides it further. */
  readonly loop?: string
  /** npm packages that a folder written by `fix` needs to run on it; absent: it cannot be put into a folder. */
  readonly ships?: readonly string[]
}

export type GeneratorKind = 'onnx' | 'transformers-folder' | 'genai-folder' | 'gguf' | 'address'
