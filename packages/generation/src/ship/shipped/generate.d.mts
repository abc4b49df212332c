/** A token as it comes. `text` is empty while the bytes of a character are incomplete, or while a stop text may have begun. */
export interface GeneratedToken {
  readonly id: number
  readonly text: string
}

/** What a generation returns at its end, in tokens. */
export interface GenerationEnd {
  readonly promptTokens: number
  /** How many of them were in the cache from the generation before. */
  readonly cachedTokens: number
  readonly generatedTokens: number
  /** Tokens that were guessed and checked together, and how many of these were right. */
  readonly guessedTokens: number
  readonly rightTokens: number
  readonly ended: 'length' | 'end' | 'stop' | 'aborted'
  /** The text that was held back when the last token came. */
  readonly rest: string
}

export interface Message {
  /** A name that the model knows: 'system', 'user', 'assistant'. */
  readonly role: string
  readonly content: string
  /** What else the chat template reads, such as tool_calls. */
  readonly [field: string]: unknown
}

/** How the makers of the model would have its tokens chosen. */
export interface Recommended {
  readonly temperature?: number
  readonly topK?: number
  readonly topP?: number
  readonly minP?: number
  readonly repetitionPenalty?: number
  readonly noRepeatNgramSize?: number
  readonly minNewTokens?: number
}

export interface GenerateOptions {
  /** Default: 256. */
  readonly maxNewTokens?: number
  /** 0, the default: always the most probable token. */
  readonly temperature?: number
  /** Draw among the k most probable tokens only. */
  readonly topK?: number | null
  /** Draw among the fewest tokens that hold this share of the probability. */
  readonly topP?: number | null
  /** Draw among tokens that have at least this share of the best one's probability. */
  readonly minP?: number | null
  /** Above 1: tokens of the prompt and of the answer become less probable, as transformers does it. Default: 1. */
  readonly repetitionPenalty?: number
  /** No sequence of this many tokens is repeated in prompt and answer together; 0: no limit. Default: as an encoder–decoder's files say, else 0. */
  readonly noRepeatNgramSize?: number
  /** The answer does not end before it has this many tokens. Default: that of an encoder–decoder's files, else 0. */
  readonly minNewTokens?: number
  /** Above 0: tokens of the answer become less probable, once, or each time they came. Default: 0. */
  readonly presencePenalty?: number
  readonly frequencyPenalty?: number
  /** The same seed draws the same tokens. Default: another one each time. */
  readonly seed?: number
  /** Texts that end the generation and are not part of it. */
  readonly stop?: string | readonly string[]
  /** Goes on after tokens that end a text. */
  readonly ignoreEnd?: boolean
  /** Values for the chat template, as in { tools, enable_thinking: false }. */
  readonly templateValues?: Readonly<Record<string, unknown>>
  /** Ends the generation and frees its cache. */
  readonly signal?: AbortSignal
}

/** For models that read sound: samples of one channel, -1 to 1, at the rate that the model reads. */
export interface Sound {
  readonly samples: Float32Array
  readonly samplesPerSecond: number
}

/** A text, token ids, messages if the model has a chat template, or a sound if it reads sound. */
export type Prompt = string | readonly number[] | readonly Message[] | Sound

export interface TextGenerator {
  /** The longest context in tokens, prompt and new ones together; null: unknown. */
  readonly context: number | null
  /** Whether the model has a chat template. */
  readonly takesMessages: boolean
  /** How the model's makers would choose tokens, as generation_config.json says; empty: they do not say. */
  readonly recommended: Recommended
  /**
   * Yields tokens as they come. Calls run one after the other. A prompt that begins as the one before, such as a chat with one more message, is
   * computed from where it differs. Leaving the loop ends the generation.
   */
  generate(prompt: Prompt, options?: GenerateOptions): AsyncGenerator<GeneratedToken, GenerationEnd, void>
  /** The whole text. */
  complete(prompt: Prompt, options?: GenerateOptions): Promise<GenerationEnd & { readonly text: string }>
  /** Messages as the text that the model was trained on. */
  template(messages: readonly Message[], values?: Readonly<Record<string, unknown>>): string
  encode(text: string): readonly number[]
  decode(ids: readonly number[]): string
  close(): Promise<void>
}

/** The sound of a .wav file, its channels averaged. */
export function wav(bytes: Uint8Array): Sound

/** Opens the model. */
export function load(): Promise<TextGenerator>
