// What `load()` of a shipped folder gives: texts, ids or messages in, text and ids out as they come.
import { randomInt } from 'node:crypto'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Generator, Sampling } from '../../generator.ts'
import { type LoopEnd, type LoopSetup, type LoopToken, openLoop } from '../../loop/loop.ts'
import type { PromptFacts } from './folder-options.ts'

export interface Message {
  readonly role: string
  readonly content: string
}

export interface GenerateOptions {
  readonly maxNewTokens?: number
  /** 0: always the most probable token. */
  readonly temperature?: number
  readonly topK?: number | null
  readonly topP?: number | null
  /** The same seed draws the same tokens. */
  readonly seed?: number
  readonly stop?: string | readonly string[]
  readonly signal?: AbortSignal
}

/** For models that read sound; `samplesPerSecond` is that of the model. */
export interface Sound {
  readonly samples: Float32Array
  readonly samplesPerSecond: number
}

export type Prompt = string | readonly number[] | readonly Message[] | Sound

export interface TextGenerator {
  /** Longest context in tokens, prompt and new ones together; null: unknown. */
  readonly context: number | null
  readonly takesMessages: boolean
  /** Iterates over tokens as they come; what it returns at the end counts them. Leaving the loop ends the generation. */
  generate(prompt: Prompt, options?: GenerateOptions): AsyncGenerator<LoopToken, LoopEnd, void>
  /** Text of the answer, once it is whole. */
  complete(prompt: Prompt, options?: GenerateOptions): Promise<{ readonly text: string } & LoopEnd>
  /** Messages as the text that the model was trained on. */
  template(messages: readonly Message[]): string
  encode(text: string): readonly number[]
  decode(ids: readonly number[]): string
  close(): Promise<void>
}

/** Renders messages; made of the model's template. */
export type Template = (messages: readonly Message[]) => string

const USUAL_NEW_TOKENS = 256
const LARGEST_SEED = 2 ** 31

export function textGenerator(
  generator: Generator,
  setup: LoopSetup,
  facts: Pick<PromptFacts, 'beginning'>,
  template: Template | null,
): TextGenerator {
  const loop = openLoop(generator, setup)
  const { encode, decode, context } = generator
  const withoutTokenizer = () => new InputError('the model has no tokenizer: give the prompt as token ids')
  const encoded = (text: string) => {
    if (encode === null) throw withoutTokenizer()
    return encode(text)
  }
  const rendered = (messages: readonly Message[]) => {
    if (template === null) throw new InputError('the model has no chat template: give the prompt as a text')
    return template(messages)
  }
  // What an encoder's text begins with, its tokenizer adds.
  const beginning = generator.encoder === undefined ? (facts.beginning ?? '') : ''
  const idsOf = (prompt: Exclude<Prompt, Sound>): readonly number[] => {
    if (typeof prompt === 'string') return encoded(`${beginning}${prompt}`)
    if (prompt.length > 0 && typeof prompt[0] === 'object') return encoded(rendered(prompt as readonly Message[]))
    return prompt as readonly number[]
  }
  const generate = (prompt: Prompt, options: GenerateOptions = {}) => {
    const { maxNewTokens = USUAL_NEW_TOKENS, stop = [], signal } = options
    return loop.generate({
      ...(isSound(prompt) ? { prompt: [], media: { kind: 'sound', ...prompt } } : { prompt: idsOf(prompt) }),
      maxNewTokens,
      sampling: samplingOf(options),
      stop: typeof stop === 'string' ? [stop] : stop,
      signal,
    })
  }
  return {
    context,
    takesMessages: template !== null,
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

const isSound = (prompt: Prompt): prompt is Sound => typeof prompt === 'object' && 'samples' in prompt

function samplingOf({ temperature = 0, topK = null, topP = null, seed }: GenerateOptions): Sampling {
  if (!(temperature >= 0)) throw new InputError(`temperature ${temperature}: give 0 or more`)
  if (topK !== null && !(Number.isInteger(topK) && topK >= 1)) throw new InputError(`topK ${topK}: give a whole number from 1`)
  if (topP !== null && !(topP > 0 && topP <= 1)) throw new InputError(`topP ${topP}: give a number above 0 and at most 1`)
  if (temperature === 0) return { kind: 'greedy' }
  return { kind: 'sample', temperature, topK, topP, seed: seed ?? randomInt(LARGEST_SEED) }
}
