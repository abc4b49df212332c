// What `load()` of a shipped folder gives: texts, ids or messages in, text and ids out as they come.
import { randomInt } from 'node:crypto'
import { InputError } from '@whyslow/graph/input-error.ts'
import { isGreedy } from '../../engines/loop/sampler.ts'
import type { Generator, Sampling } from '../../generator.ts'
import { type LoopEnd, type LoopSetup, type LoopToken, openLoop } from '../../loop/loop.ts'
import type { PromptFacts, RecommendedSampling } from './folder-options.ts'

export interface Message {
  /** A name that the model knows: 'system', 'user', 'assistant'. */
  readonly role: string
  readonly content: string
  /** What else the chat template reads, such as tool_calls. */
  readonly [field: string]: unknown
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

/** For models that read sound; `samplesPerSecond` is that of the model. */
export interface SoundInput {
  readonly samples: Float32Array
  readonly samplesPerSecond: number
}

export type Prompt = string | readonly number[] | readonly Message[] | SoundInput

export interface TextGenerator {
  /** Longest context in tokens, prompt and new ones together; null: unknown. */
  readonly context: number | null
  /** Whether the model has a chat template. */
  readonly takesMessages: boolean
  /** How the model's makers would choose tokens, as generation_config.json says; empty: they do not say. */
  readonly recommended: RecommendedSampling
  /** Iterates over tokens as they come; what it returns at the end counts them. Leaving the loop ends the generation. */
  generate(prompt: Prompt, options?: GenerateOptions): AsyncGenerator<LoopToken, LoopEnd, void>
  /** Text of the answer, once it is whole. */
  complete(prompt: Prompt, options?: GenerateOptions): Promise<{ readonly text: string } & LoopEnd>
  /** Messages as the text that the model was trained on. */
  template(messages: readonly Message[], values?: Readonly<Record<string, unknown>>): string
  encode(text: string): readonly number[]
  decode(ids: readonly number[]): string
  close(): Promise<void>
}

/** Renders messages; made of the model's template. */
export type Template = (messages: readonly Message[], values?: Readonly<Record<string, unknown>>) => string

const USUAL_NEW_TOKENS = 256
const LARGEST_SEED = 2 ** 31

export function textGenerator(
  generator: Generator,
  setup: LoopSetup,
  facts: Pick<PromptFacts, 'beginning' | 'recommended'>,
  template: Template | null,
): TextGenerator {
  const loop = openLoop(generator, setup)
  const { encode, decode, context } = generator
  const withoutTokenizer = () => new InputError('the model has no tokenizer: give the prompt as token ids')
  const encoded = (text: string) => {
    if (encode === null) throw withoutTokenizer()
    return encode(text)
  }
  const rendered: Template = (messages, values) => {
    if (template === null) throw new InputError('the model has no chat template: give the prompt as a text')
    return template(messages, values)
  }
  // What an encoder's text begins with, its tokenizer adds.
  const beginning = generator.encoder === undefined ? (facts.beginning ?? '') : ''
  const idsOf = (prompt: Exclude<Prompt, SoundInput>, values: GenerateOptions['templateValues']): readonly number[] => {
    if (typeof prompt === 'string') return encoded(`${beginning}${prompt}`)
    if (prompt.length > 0 && typeof prompt[0] === 'object') return encoded(rendered(prompt as readonly Message[], values))
    return prompt as readonly number[]
  }
  const generate = (prompt: Prompt, options: GenerateOptions = {}) => {
    if (isSound(prompt) && generator.encoder?.reads !== 'sound')
      throw new InputError('the model reads text, and was given sound; give a text, messages or token ids')
    const { maxNewTokens = USUAL_NEW_TOKENS, stop = [], signal, ignoreEnd = false, templateValues } = options
    return loop.generate({
      ...(isSound(prompt) ? { prompt: [], media: { kind: 'sound', ...prompt } } : { prompt: idsOf(prompt, templateValues) }),
      maxNewTokens,
      ignoreEnd,
      sampling: samplingOf(options),
      stop: typeof stop === 'string' ? [stop] : stop,
      signal,
    })
  }
  return {
    context,
    takesMessages: template !== null,
    recommended: facts.recommended ?? {},
    generate,
    async complete(prompt, options) {
      const running = generate(prompt, options)
      let text = ''
      for (;;) {
        const { value, done } = await running.next()
        if (done) return { text: text + value.rest, ...value }
        text += value.text
      }
    },
    template: rendered,
    encode: encoded,
    decode(ids) {
      if (decode === null) throw withoutTokenizer()
      return decode(ids)
    },
    close: () => loop.close(),
  }
}

const isSound = (prompt: Prompt): prompt is SoundInput => typeof prompt === 'object' && 'samples' in prompt

function samplingOf(options: GenerateOptions): Sampling {
  const { temperature = 0, topK = null, topP = null, minP = null, seed } = options
  const { repetitionPenalty: repetition = 1, presencePenalty: presence = 0, frequencyPenalty: frequency = 0 } = options
  if (!(temperature >= 0)) throw new InputError(`temperature ${temperature}: give 0 or more`)
  if (topK !== null && !(Number.isInteger(topK) && topK >= 1)) throw new InputError(`topK ${topK}: give a whole number from 1`)
  if (topP !== null && !(topP > 0 && topP <= 1)) throw new InputError(`topP ${topP}: give a number above 0 and at most 1`)
  if (minP !== null && !(minP >= 0 && minP <= 1)) throw new InputError(`minP ${minP}: give a number from 0 to 1`)
  if (!(repetition > 0)) throw new InputError(`repetitionPenalty ${repetition}: give a number above 0`)
  for (const [name, value] of Object.entries({ presencePenalty: presence, frequencyPenalty: frequency }))
    if (!Number.isFinite(value)) throw new InputError(`${name} ${value}: give a number`)
  const { noRepeatNgramSize: noRepeatNgram, minNewTokens } = options
  for (const [name, value] of Object.entries({ noRepeatNgramSize: noRepeatNgram, minNewTokens }))
    if (value !== undefined && !(Number.isInteger(value) && value >= 0))
      throw new InputError(`${name} ${value}: give a whole number from 0`)
  const given = {
    ...(noRepeatNgram === undefined ? {} : { noRepeatNgram }),
    ...(minNewTokens === undefined ? {} : { minNewTokens }),
  }
  const constraints = Object.keys(given).length === 0 ? {} : { constraints: given }
  const penalties = { repetition, presence, frequency }
  const sampling = { kind: 'sample', temperature, topK, topP, minP, penalties, ...constraints } as const
  return isGreedy({ ...sampling, seed: 0 }) ? { kind: 'greedy' } : { ...sampling, seed: seed ?? randomInt(LARGEST_SEED) }
}
