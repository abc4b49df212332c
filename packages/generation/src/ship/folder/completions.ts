// OpenAI's protocol of completions and chat completions (platform.openai.com/docs/api-reference), as far as one model that generates text has it:
// what a request means, and what its answers look like. No sockets here.
import { isObject, parseJson } from '@whyslow/graph/json.ts'
import type { LoopEnd } from '../../loop/loop.ts'
import type { RecommendedSampling } from './folder-options.ts'
import type { GenerateOptions, Message, Prompt } from './text-generator.ts'

/** What is wrong with a request, as the client is told it. */
export class RequestError extends Error {
  readonly status: 400 | 403 | 404 | 405 | 413 | 429 | 500 | 503
  readonly code: string | null
  /** The field that is wrong; null: none alone. */
  readonly param: string | null

  constructor(
    status: RequestError['status'],
    message: string,
    { code = null, param = null }: Partial<Pick<RequestError, 'code' | 'param'>> = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.param = param
  }
}

export interface CompletionRequest {
  readonly kind: 'chat' | 'text'
  /** One, or several of the older API: each has its answers, in their order. */
  readonly prompts: readonly Prompt[]
  readonly options: Omit<GenerateOptions, 'signal'>
  /** How many answers to each prompt are wanted. */
  readonly count: number
  readonly stream: boolean
  /** The last chunk, without text, says how many tokens there were. */
  readonly includeUsage: boolean
}

export interface Limits {
  readonly name: string
  readonly takesMessages: boolean
  /** New tokens of a request that says no number itself. */
  readonly newTokens: number
  /** How the model's makers would choose tokens, for what a request does not say. */
  readonly recommended: RecommendedSampling
}

type Body = Readonly<Record<string, unknown>>

const MOST_STOPS = 16
const MOST_ANSWERS = 16
const MOST_PROMPTS = 64

/** Throws RequestError if it is not a request, or one for something else than this model does. */
export function parseCompletionRequest(kind: CompletionRequest['kind'], text: string, limits: Limits): CompletionRequest {
  const body = objectOf(text)
  checkModel(body, limits)
  const unable = Object.entries(UNABLE).find(([key, isAlright]) => body[key] != null && !isAlright(body[key], body))
  if (unable !== undefined) throw bad(`${unable[0]}: this server does not do that; leave it out`, 'unsupported_value')
  const prompts = kind === 'chat' ? [messagesOf(body, limits)] : promptsOf(body.prompt)
  const options = optionsOf(body, kind, limits)
  const streamOptions = body.stream_options as { include_usage?: unknown } | null | undefined
  return {
    ...{ kind, prompts, options },
    count: body.n == null ? 1 : wholeFrom1(body.n, 'n', MOST_ANSWERS),
    stream: flagOf(body.stream, 'stream'),
    includeUsage: streamOptions?.include_usage === true,
  }
}

/** What may be there and must not want anything. */
const UNABLE: Readonly<Record<string, (value: unknown, body: Body) => boolean>> = {
  best_of: (value) => value === 1,
  logprobs: (value) => value === false,
  top_logprobs: (value) => value === 0,
  echo: (value) => value === false,
  suffix: (value) => value === '',
  // Tools that are not to be called want nothing.
  tools: (value, { tool_choice: choice }) => Array.isArray(value) && (value.length === 0 || choice === 'none'),
  functions: (value) => Array.isArray(value) && value.length === 0,
  logit_bias: (value) => typeof value === 'object' && Object.keys(value as object).length === 0,
  response_format: (value) => (value as { type?: unknown }).type === 'text',
}

function objectOf(text: string): Body {
  const body = parseJson(text, () => bad('the body is not valid JSON'))
  if (!isObject(body)) throw bad('the body is not a JSON object')
  return body as Body
}

function checkModel({ model }: Body, { name }: Limits): void {
  if (model === undefined || model === name) return
  if (typeof model !== 'string') throw bad('model: give a name')
  throw new RequestError(404, `this server has no model '${shown(model)}', but '${name}'`, {
    code: 'model_not_found',
    param: 'model',
  })
}

function messagesOf({ messages }: Body, { takesMessages }: Limits): readonly Message[] {
  if (!takesMessages) throw bad('the model has no chat template; use /v1/completions')
  if (!Array.isArray(messages) || messages.length === 0) throw bad('messages: give an array of at least one message')
  return messages.map((message, at) => {
    const { role, content, ...others } = (message ?? {}) as { role?: unknown; content?: unknown; tool_calls?: unknown }
    if (typeof role !== 'string') throw bad(`messages[${at}].role: give a text`)
    // A message that calls tools says nothing itself, and an answer may have been empty.
    if (content == null && role === 'assistant') return { ...others, role, content: '' }
    return { ...others, role, content: contentOf(content, at) }
  })
}

function contentOf(content: unknown, at: number): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) throw bad(`messages[${at}].content: give a text`)
  return content
    .map((part) => {
      const { type, text, refusal } = (part ?? {}) as { type?: unknown; text?: unknown; refusal?: unknown }
      const said = type === 'text' ? text : type === 'refusal' ? refusal : undefined
      if (typeof said !== 'string') throw bad(`messages[${at}].content: this model reads text only`)
      return said
    })
    .join('')
}

/** A text or token ids, or several of these. */
function promptsOf(prompt: unknown): readonly Prompt[] {
  const one = promptOf(prompt)
  if (one !== null) return [one]
  if (!Array.isArray(prompt) || prompt.length === 0) throw bad('prompt: give a text, or an array of token ids')
  if (prompt.length > MOST_PROMPTS) throw bad(`prompt: give at most ${MOST_PROMPTS} prompts a request`)
  return prompt.map((given) => {
    const own = promptOf(given)
    if (own === null) throw bad('prompt: give a text, or an array of token ids')
    return own
  })
}

function promptOf(prompt: unknown): Prompt | null {
  if (typeof prompt === 'string') return prompt
  const isIds = Array.isArray(prompt) && prompt.length > 0 && prompt.every((one) => Number.isInteger(one))
  return isIds ? (prompt as number[]) : null
}

function optionsOf(body: Body, kind: CompletionRequest['kind'], limits: Limits): CompletionRequest['options'] {
  const most = (kind === 'chat' ? body.max_completion_tokens : undefined) ?? body.max_tokens
  const { recommended } = limits
  const number = (key: string, isRight: (value: number) => boolean, what: string): number | undefined => {
    const value = body[key]
    if (value == null) return undefined
    if (typeof value !== 'number' || !isRight(value)) throw bad(`${key}: give ${what}`)
    return value
  }
  const share = (value: number): boolean => value >= 0 && value <= 1
  const whole = (value: number): boolean => Number.isInteger(value) && value >= 0
  const penalty = (value: number): boolean => Math.abs(value) <= 2
  const topK = number('top_k', (value) => Number.isInteger(value) && value >= -1, 'a whole number')
  const topP = number('top_p', share, 'a number from 0 to 1')
  const noRepeatNgramSize = number('no_repeat_ngram_size', whole, 'a whole number from 0') ?? recommended.noRepeatNgramSize
  const minNewTokens = number('min_tokens', whole, 'a whole number from 0') ?? recommended.minNewTokens
  const values = body.chat_template_kwargs
  if (values != null && !isObject(values)) throw bad('chat_template_kwargs: give an object')
  return {
    maxNewTokens: most == null ? limits.newTokens : wholeFrom1(most, 'max_tokens'),
    temperature:
      number('temperature', (value) => value >= 0 && value <= 2, 'a number from 0 to 2') ?? recommended.temperature ?? 1,
    topP: topP === 0 ? 1 : (topP ?? recommended.topP ?? 1),
    // A share of nothing is held by the best token alone; of top_k, 0 and -1 are all tokens.
    topK: topP === 0 ? 1 : topK === undefined ? (recommended.topK ?? null) : topK <= 0 ? null : topK,
    minP: number('min_p', (value) => value >= 0 && value <= 1, 'a number from 0 to 1') ?? recommended.minP ?? null,
    repetitionPenalty:
      number('repetition_penalty', (value) => value > 0 && value <= 2, 'a number above 0 and at most 2') ??
      recommended.repetitionPenalty ??
      1,
    presencePenalty: number('presence_penalty', penalty, 'a number from -2 to 2') ?? 0,
    frequencyPenalty: number('frequency_penalty', penalty, 'a number from -2 to 2') ?? 0,
    ...(noRepeatNgramSize === undefined ? {} : { noRepeatNgramSize }),
    ...(minNewTokens === undefined ? {} : { minNewTokens }),
    stop: stopsOf(body.stop),
    ...(body.seed == null ? {} : { seed: number('seed', Number.isInteger, 'a whole number')! }),
    ...(flagOf(body.ignore_eos, 'ignore_eos') ? { ignoreEnd: true } : {}),
    ...(values == null ? {} : { templateValues: values as Body }),
  }
}

function wholeFrom1(value: unknown, key: string, most = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > most)
    throw bad(`${key}: give a whole number from 1${most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`}`)
  return value
}

function stopsOf(stop: unknown): readonly string[] {
  if (stop == null) return []
  const stops = Array.isArray(stop) ? stop : [stop]
  if (stops.length > MOST_STOPS || !stops.every((one) => typeof one === 'string'))
    throw bad(`stop: give a text, or up to ${MOST_STOPS}`)
  return stops as string[]
}

function flagOf(value: unknown, key: string): boolean {
  if (value == null) return false
  if (typeof value !== 'boolean') throw bad(`${key}: give true or false`)
  return value
}

/** 'n: …' and 'messages[0].role: …' begin with the field. */
const bad = (message: string, code: string | null = null): RequestError =>
  new RequestError(400, message, { code, param: /^([\w.[\]]+): /.exec(message)?.[1] ?? null })
const shown = (text: string): string => text.slice(0, 80).replace(/[^\x20-\x7e]+/g, ' ')

export const errorBody = ({
  status,
  message,
  code,
  param,
}: Pick<RequestError, 'status' | 'message' | 'code' | 'param'>): object => ({
  error: { message, type: status < 500 ? 'invalid_request_error' : 'server_error', param, code },
})

/** What all answers to one request have in common. */
export interface AnswerHead {
  readonly id: string
  readonly created: number
  readonly model: string
  readonly kind: CompletionRequest['kind']
}

export const usageOf = ({ promptTokens, cachedTokens, generatedTokens }: LoopEnd): object => ({
  prompt_tokens: promptTokens,
  completion_tokens: generatedTokens,
  total_tokens: promptTokens + generatedTokens,
  prompt_tokens_details: { cached_tokens: cachedTokens },
})

/** Several answers, `count` to each prompt, whose tokens count once. */
export function togetherOf(ends: readonly LoopEnd[], count: number): LoopEnd {
  const sum = (some: readonly LoopEnd[], of: (end: LoopEnd) => number) => some.reduce((all, end) => all + of(end), 0)
  const firsts = ends.filter((_, at) => at % count === 0)
  return {
    ...ends[0]!,
    promptTokens: sum(firsts, ({ promptTokens }) => promptTokens),
    cachedTokens: sum(firsts, ({ cachedTokens }) => cachedTokens),
    generatedTokens: sum(ends, ({ generatedTokens }) => generatedTokens),
  }
}

export const answerCount = ({ prompts, count }: Pick<CompletionRequest, 'prompts' | 'count'>): number => prompts.length * count

export interface AskedOnce {
  readonly prompt: Prompt
  readonly options: CompletionRequest['options']
}

/** The answer of that place: a seed draws another one each time. */
export const requestOfAnswer = (
  { prompts, count, options }: Pick<CompletionRequest, 'prompts' | 'count' | 'options'>,
  at: number,
): AskedOnce => ({
  prompt: prompts[Math.floor(at / count)]!,
  options: options.seed === undefined ? options : { ...options, seed: options.seed + at },
})

const reasonOf = ({ ended }: LoopEnd): 'length' | 'stop' => (ended === 'length' ? 'length' : 'stop')

interface Answered extends LoopEnd {
  readonly text: string
}

export function wholeAnswer({ kind, ...head }: AnswerHead, answers: readonly Answered[], count: number): object {
  const said = (text: string) => (kind === 'chat' ? { message: { role: 'assistant', content: text, refusal: null } } : { text })
  const choices = answers.map((end, index) => ({ index, ...said(end.text), logprobs: null, finish_reason: reasonOf(end) }))
  return {
    ...head,
    object: kind === 'chat' ? 'chat.completion' : 'text_completion',
    choices,
    usage: usageOf(togetherOf(answers, count)),
  }
}

export interface ChunkKind {
  /** Which of several answers it is of; default: the first. */
  readonly index?: number
  readonly isFirst?: boolean
  /** It is the last one of its answer, and says why. */
  readonly end?: LoopEnd | null
  /** What the last one of all says of tokens; null: a chunk of its own does; absent: it is not the last. */
  readonly usage?: LoopEnd | null
}

/** A piece of a streamed answer. */
export function chunkOf({ kind, ...head }: AnswerHead, text: string, chunk: ChunkKind = {}): object {
  const { index = 0, isFirst = false, end = null, usage } = chunk
  const delta = { ...(isFirst ? { role: 'assistant' } : {}), ...(text === '' && !isFirst ? {} : { content: text }) }
  const choices = [
    { index, ...(kind === 'chat' ? { delta } : { text }), logprobs: null, finish_reason: end === null ? null : reasonOf(end) },
  ]
  const counted = usage === undefined ? {} : { usage: usage === null ? null : usageOf(usage) }
  return { ...head, object: kind === 'chat' ? 'chat.completion.chunk' : 'text_completion', choices, ...counted }
}

/** The chunk that `stream_options.include_usage` wants after the last one. */
export const usageChunk = ({ kind, ...head }: AnswerHead, end: LoopEnd): object => ({
  ...head,
  object: kind === 'chat' ? 'chat.completion.chunk' : 'text_completion',
  choices: [],
  usage: usageOf(end),
})
