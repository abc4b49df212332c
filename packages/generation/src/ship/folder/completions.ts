// OpenAI's protocol of completions and chat completions (platform.openai.com/docs/api-reference), as far as one model that generates text has it:
// what a request means, and what its answers look like. No sockets here.
import type { LoopEnd } from '../../loop/loop.ts'
import type { GenerateOptions, Message, Prompt } from './text-generator.ts'

/** What is wrong with a request, as the client is told it. */
export class RequestError extends Error {
  readonly status: 400 | 403 | 404 | 405 | 413 | 429 | 500 | 503
  readonly code: string | null

  constructor(status: RequestError['status'], message: string, code: string | null = null) {
    super(message)
    this.status = status
    this.code = code
  }
}

export interface CompletionRequest {
  readonly kind: 'chat' | 'text'
  readonly prompt: Prompt
  readonly options: Omit<GenerateOptions, 'signal'>
  readonly stream: boolean
  /** The last chunk, without text, says how many tokens there were. */
  readonly includeUsage: boolean
}

export interface Limits {
  readonly name: string
  readonly takesMessages: boolean
  /** New tokens of a request that says no number itself. */
  readonly newTokens: number
}

type Body = Readonly<Record<string, unknown>>

const MOST_STOPS = 16

/** Throws RequestError if it is not a request, or one for something else than this model does. */
export function askedBy(kind: CompletionRequest['kind'], text: string, limits: Limits): CompletionRequest {
  const body = objectOf(text)
  checkModel(body, limits)
  const unable = Object.entries(UNABLE).find(([key, isAlright]) => body[key] != null && !isAlright(body[key]))
  if (unable !== undefined) throw bad(`${unable[0]}: this server does not do that; leave it out`)
  const prompt = kind === 'chat' ? messagesOf(body, limits) : promptOf(body.prompt)
  const options = optionsOf(body, kind, limits)
  const streamOptions = body.stream_options as { include_usage?: unknown } | null | undefined
  return {
    ...{ kind, prompt, options },
    stream: flagOf(body.stream, 'stream'),
    includeUsage: streamOptions?.include_usage === true,
  }
}

/** What may be there and must not want anything. */
const UNABLE: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value === 1,
  best_of: (value) => value === 1,
  logprobs: (value) => value === false,
  top_logprobs: (value) => value === 0,
  echo: (value) => value === false,
  suffix: (value) => value === '',
  tools: (value) => Array.isArray(value) && value.length === 0,
  functions: (value) => Array.isArray(value) && value.length === 0,
  logit_bias: (value) => typeof value === 'object' && Object.keys(value as object).length === 0,
  response_format: (value) => (value as { type?: unknown }).type === 'text',
}

function objectOf(text: string): Body {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw bad('the body is not valid JSON')
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw bad('the body is not a JSON object')
  return body as Body
}

function checkModel({ model }: Body, { name }: Limits): void {
  if (model === undefined || model === name) return
  if (typeof model !== 'string') throw bad('model: give a name')
  throw new RequestError(404, `this server has no model '${shown(model)}', but '${name}'`, 'model_not_found')
}

function messagesOf({ messages }: Body, { takesMessages }: Limits): readonly Message[] {
  if (!takesMessages) throw bad('the model has no chat template; use /v1/completions')
  if (!Array.isArray(messages) || messages.length === 0) throw bad('messages: give an array of at least one message')
  return messages.map((message, at) => {
    const { role, content } = (message ?? {}) as { role?: unknown; content?: unknown }
    if (typeof role !== 'string') throw bad(`messages[${at}].role: give a text`)
    return { role, content: contentOf(content, at) }
  })
}

function contentOf(content: unknown, at: number): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) throw bad(`messages[${at}].content: give a text`)
  return content
    .map((part) => {
      const { type, text } = (part ?? {}) as { type?: unknown; text?: unknown }
      if (type !== 'text' || typeof text !== 'string') throw bad(`messages[${at}].content: this model reads text only`)
      return text
    })
    .join('')
}

function promptOf(prompt: unknown): Prompt {
  if (typeof prompt === 'string') return prompt
  if (!Array.isArray(prompt) || prompt.length === 0) throw bad('prompt: give a text, or an array of token ids')
  if (prompt.every((one) => Number.isInteger(one))) return prompt as number[]
  if (prompt.length === 1) return promptOf(prompt[0])
  throw bad('prompt: give one prompt a request')
}

function optionsOf(body: Body, kind: CompletionRequest['kind'], limits: Limits): CompletionRequest['options'] {
  const most = (kind === 'chat' ? body.max_completion_tokens : undefined) ?? body.max_tokens
  const number = (key: string, usual: number, isRight: (value: number) => boolean, what: string): number => {
    const value = body[key] ?? usual
    if (typeof value !== 'number' || !isRight(value)) throw bad(`${key}: give ${what}`)
    return value
  }
  const topK = body.top_k == null ? null : number('top_k', 0, (value) => Number.isInteger(value) && value >= 0, 'a whole number')
  return {
    maxNewTokens: most == null ? limits.newTokens : wholeFrom1(most, 'max_tokens'),
    temperature: number('temperature', 1, (value) => value >= 0 && value <= 2, 'a number from 0 to 2'),
    topP: number('top_p', 1, (value) => value > 0 && value <= 1, 'a number above 0 and at most 1'),
    topK: topK === 0 ? null : topK,
    stop: stopsOf(body.stop),
    ...(body.seed == null ? {} : { seed: number('seed', 0, Number.isInteger, 'a whole number') }),
  }
}

function wholeFrom1(value: unknown, key: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) throw bad(`${key}: give a whole number from 1`)
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

const bad = (message: string): RequestError => new RequestError(400, message)
const shown = (text: string): string => text.slice(0, 80).replace(/[^\x20-\x7e]+/g, ' ')

export const errorBody = ({ status, message, code }: Pick<RequestError, 'status' | 'message' | 'code'>): object => ({
  error: { message, type: status < 500 ? 'invalid_request_error' : 'server_error', param: null, code },
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

const reasonOf = ({ ended }: LoopEnd): 'length' | 'stop' => (ended === 'length' ? 'length' : 'stop')

export function wholeAnswer({ kind, ...head }: AnswerHead, text: string, end: LoopEnd): object {
  const said = kind === 'chat' ? { message: { role: 'assistant', content: text } } : { text }
  const choices = [{ index: 0, ...said, logprobs: null, finish_reason: reasonOf(end) }]
  return { ...head, object: kind === 'chat' ? 'chat.completion' : 'text_completion', choices, usage: usageOf(end) }
}

/** A piece of a streamed answer. `end`: it is the last one, and says why and how many tokens there were. */
export function chunkOf(
  { kind, ...head }: AnswerHead,
  text: string,
  { isFirst = false, end = null as LoopEnd | null } = {},
): object {
  const delta = { ...(isFirst ? { role: 'assistant' } : {}), ...(text === '' && !isFirst ? {} : { content: text }) }
  const choices = [
    { index: 0, ...(kind === 'chat' ? { delta } : { text }), logprobs: null, finish_reason: end === null ? null : reasonOf(end) },
  ]
  const usage = end === null ? {} : { usage: usageOf(end) }
  return { ...head, object: kind === 'chat' ? 'chat.completion.chunk' : 'text_completion', choices, ...usage }
}

/** The chunk that `stream_options.include_usage` wants after the last one. */
export const usageChunk = ({ kind, ...head }: AnswerHead, end: LoopEnd): object => ({
  ...head,
  object: kind === 'chat' ? 'chat.completion.chunk' : 'text_completion',
  choices: [],
  usage: usageOf(end),
})
