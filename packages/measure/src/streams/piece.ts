// One message of a server that generates text, in the dialects of OpenAI's chat, completions and responses protocols
// (https://platform.openai.com/docs/api-reference, also vLLM's and others' additions), llama-server (llama.cpp, tools/server/README.md) and ollama
// (docs/api.md). Streams are made of such messages, and an answer in one piece is one of them.
import { fieldsOf, isObject, type JsonObject } from '@whyslow/graph/json.ts'

/** What the server counted and timed itself; null: it does not say. */
export interface StreamUsage {
  readonly promptTokens: number | null
  /** How many of those its prefix cache held. */
  readonly cachedTokens: number | null
  readonly generatedTokens: number | null
  readonly prefillMs: number | null
  readonly decodeMs: number | null
  /** Loading the model before it; absent: not told. */
  readonly loadMs?: number | null
  /** Tokens that were drafted for the model to check, and those that were right; absent: none were, or it does not say. */
  readonly drafted?: { readonly tokens: number; readonly accepted: number }
}

export type StreamEnd = 'length' | 'end' | 'stop'

export interface StreamPiece {
  /** Text that it adds, reasoning and calls of tools included; '' if none. */
  readonly text: string
  /** Tokens that it adds, if it lists them or their probabilities; null: it does not. */
  readonly tokens: number | null
  /** Their ids; null: it does not list them. */
  readonly ids: readonly number[] | null
  readonly usage: StreamUsage | null
  readonly ended: StreamEnd | null
  readonly error: string | null
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const count = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)
const list = (value: unknown): readonly unknown[] | null => (Array.isArray(value) ? value : null)

/** null: not a message of any of these dialects. */
export function pieceOf(message: unknown): StreamPiece | null {
  if (!isObject(message)) return null
  const error = errorOf(message)
  if (error !== null) return { ...NOTHING, error }
  if (message.object === 'response' || text(message.type).startsWith('response.')) return responsesPiece(message)
  if (Array.isArray(message.choices)) return openAiPiece(message, fieldsOf(message.choices[0]))
  if (typeof message.done === 'boolean') return ollamaPiece(message)
  if (typeof message.content === 'string') return llamaServerPiece(message)
  return isObject(message.usage) ? { ...NOTHING, usage: openAiUsage(message) } : null
}

const NOTHING: StreamPiece = { text: '', tokens: null, ids: null, usage: null, ended: null, error: null }

/** What went wrong, in the server's words and in one line. */
function errorOf(message: JsonObject): string | null {
  const { error } = message
  const said = isObject(error) ? text(error.message) || JSON.stringify(error) : text(error)
  const whole = said || ([message.object, message.type].includes('error') ? text(message.message) : '')
  return whole === '' ? null : whole.replace(/\s+/g, ' ').trim().slice(0, 200)
}

function openAiPiece(message: JsonObject, choice: JsonObject): StreamPiece {
  const part = fieldsOf(choice.delta ?? choice.message)
  const calls = (list(part.tool_calls) ?? []).map((call) => fieldsOf(fieldsOf(call).function))
  const ids = idsOf(choice.token_ids)
  const probabilities = fieldsOf(choice.logprobs)
  return {
    text: [
      text(part.reasoning_content ?? part.reasoning),
      text(part.content ?? choice.text),
      text(part.refusal),
      ...calls.flatMap((call) => [text(call.name), text(call.arguments)]),
    ].join(''),
    tokens: ids?.length ?? list(probabilities.content)?.length ?? list(probabilities.tokens)?.length ?? null,
    ids,
    usage: openAiUsage(message),
    ended: endOf(choice.finish_reason),
    error: null,
  }
}

/**
 * An event of the responses protocol, or a whole answer: texts of all kinds come as deltas, and the last event has the answer once more, with what
 * was counted.
 */
function responsesPiece(message: JsonObject): StreamPiece {
  const isWhole = message.object === 'response'
  const response = isWhole ? message : fieldsOf(message.response)
  const listed = list(message.logprobs)
  return {
    ...NOTHING,
    text: isWhole ? responseText(response) : text(message.type).endsWith('.delta') ? text(message.delta) : '',
    // Without probabilities the list is there, and empty.
    tokens: listed !== null && listed.length > 0 ? listed.length : null,
    usage: openAiUsage(response),
    ended: responseEnd(response),
    error: response.status === 'failed' ? (errorOf(response) ?? 'the response failed') : null,
  }
}

function responseEnd({ status, incomplete_details: details }: JsonObject): StreamEnd | null {
  if (status === 'incomplete' && fieldsOf(details).reason === 'max_output_tokens') return 'length'
  return status === 'completed' || status === 'incomplete' ? 'end' : null
}

/** The text of messages, reasoning and calls of tools. */
function responseText({ output }: JsonObject): string {
  return (list(output) ?? [])
    .map(fieldsOf)
    .flatMap((item) => [
      ...[...(list(item.summary) ?? []), ...(list(item.content) ?? [])]
        .map(fieldsOf)
        .map((part) => text(part.text ?? part.refusal)),
      text(item.name),
      text(item.arguments),
    ])
    .join('')
}

/** Usage as the protocol has it (under other names in responses), and the timings that llama-server adds. */
function openAiUsage(message: JsonObject): StreamUsage | null {
  const timings = isObject(message.timings) ? timingsUsage(message.timings) : null
  if (!isObject(message.usage)) return timings
  const { usage } = message
  const details = fieldsOf(usage.prompt_tokens_details ?? usage.input_tokens_details)
  return {
    promptTokens: count(usage.prompt_tokens ?? usage.input_tokens) ?? timings?.promptTokens ?? null,
    cachedTokens: count(details.cached_tokens) ?? timings?.cachedTokens ?? null,
    generatedTokens: count(usage.completion_tokens ?? usage.output_tokens) ?? timings?.generatedTokens ?? null,
    prefillMs: timings?.prefillMs ?? null,
    decodeMs: timings?.decodeMs ?? null,
    ...(timings?.drafted === undefined ? {} : { drafted: timings.drafted }),
  }
}

/** llama-server counts in `prompt_n` only what it had to process. */
function timingsUsage(timings: JsonObject): StreamUsage {
  const [processed, cached] = [count(timings.prompt_n), count(timings.cache_n)]
  const [tokens, accepted] = [count(timings.draft_n), count(timings.draft_n_accepted)]
  return {
    promptTokens: processed === null || cached === null ? null : processed + cached,
    cachedTokens: cached,
    generatedTokens: count(timings.predicted_n),
    prefillMs: count(timings.prompt_ms),
    decodeMs: count(timings.predicted_ms),
    ...(tokens === null || accepted === null || tokens === 0 ? {} : { drafted: { tokens, accepted } }),
  }
}

function llamaServerPiece(message: JsonObject): StreamPiece {
  const ids = idsOf(message.tokens)
  const told = isObject(message.timings) ? timingsUsage(message.timings) : null
  const promptTokens = told?.promptTokens ?? count(message.tokens_evaluated)
  const generatedTokens = told?.generatedTokens ?? count(message.tokens_predicted)
  const isLast = message.stop === true
  const ended = message.stop_type === 'limit' ? 'length' : message.stop_type === 'word' ? 'stop' : 'end'
  return {
    text: text(message.content),
    // Without `return_tokens` the list is there, and empty.
    tokens: ids !== null && ids.length > 0 ? ids.length : null,
    ids: ids !== null && ids.length > 0 ? ids : null,
    usage: isLast ? { cachedTokens: null, prefillMs: null, decodeMs: null, ...told, promptTokens, generatedTokens } : null,
    ended: isLast ? ended : null,
    error: null,
  }
}

/** ollama's durations are nanoseconds. */
function ollamaPiece(message: JsonObject): StreamPiece {
  const part = fieldsOf(message.message)
  const ms = (value: unknown) => (count(value) === null ? null : count(value)! / 1e6)
  const calls = (list(part.tool_calls) ?? []).map((call) => JSON.stringify(fieldsOf(call).function ?? ''))
  return {
    ...NOTHING,
    text: [text(part.thinking ?? message.thinking), text(part.content ?? message.response), ...calls].join(''),
    usage:
      message.done === true
        ? {
            promptTokens: count(message.prompt_eval_count),
            cachedTokens: null,
            generatedTokens: count(message.eval_count),
            prefillMs: ms(message.prompt_eval_duration),
            decodeMs: ms(message.eval_duration),
            loadMs: ms(message.load_duration),
          }
        : null,
    ended: message.done === true ? (endOf(message.done_reason) ?? 'end') : null,
  }
}

function idsOf(value: unknown): readonly number[] | null {
  const ids = list(value)
  return ids === null || !ids.every((id) => Number.isInteger(id)) ? null : (ids as number[])
}

/** Protocols say 'stop' for a token that ends a text as for a stop string. */
function endOf(reason: unknown): StreamEnd | null {
  if (typeof reason !== 'string' || reason === '') return null
  return reason === 'length' ? 'length' : 'end'
}
