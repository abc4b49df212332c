// How a mock server writes what its engine generates: OpenAI's chat, completions and responses streams, llama-server's /completion, ollama's /api/generate.
import type { MockChunk, MockCounts, MockRequest } from './mock-engine.ts'

export interface MockDialect {
  readonly contentType: string
  /** Before the first token; '' if nothing. */
  readonly start: string
  chunk(chunk: MockChunk): string
  end(ended: 'length' | 'stop', counts: MockCounts | null): string
  error(message: string): string
  request(body: Record<string, unknown>): MockRequest
}

const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
/** With the name of its type before it. */
const named = (value: { readonly type: string; readonly [field: string]: unknown }): string =>
  `event: ${value.type}\n${event(value)}`
const DONE = 'data: [DONE]\n\n'
const number = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise)

const usageOf = ({ promptTokens, cachedTokens, generatedTokens }: MockCounts) => ({
  prompt_tokens: promptTokens,
  completion_tokens: generatedTokens,
  total_tokens: promptTokens + generatedTokens,
  prompt_tokens_details: { cached_tokens: cachedTokens },
})

const responsesUsage = ({ promptTokens, cachedTokens, generatedTokens }: MockCounts) => ({
  input_tokens: promptTokens,
  input_tokens_details: { cached_tokens: cachedTokens },
  output_tokens: generatedTokens,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: promptTokens + generatedTokens,
})

const openAi = (
  choice: (text: string) => object,
  promptOf: (body: Record<string, unknown>) => string,
  first: object | null,
): MockDialect => ({
  contentType: 'text/event-stream',
  start: first === null ? '' : event({ choices: [{ index: 0, ...first, finish_reason: null }] }),
  chunk: ({ text }) => event({ choices: [{ index: 0, ...choice(text), finish_reason: null }] }),
  end: (ended, counts) =>
    event({ choices: [{ index: 0, ...choice(''), finish_reason: ended }] }) +
    (counts === null ? '' : event({ choices: [], usage: usageOf(counts) })) +
    DONE,
  error: (message) => event({ error: { message, type: 'server_error' } }),
  request: (body) => ({
    prompt: promptOf(body),
    newTokens: number(body.max_tokens ?? body.max_completion_tokens, 16),
    endsAfter: body.ignore_eos === true ? null : ENDS_AFTER,
  }),
})

const ollama = (part: (text: string) => object, promptOf: (body: Record<string, unknown>) => string): MockDialect => {
  const line = (value: object) => `${JSON.stringify({ model: 'mock', ...value })}\n`
  return {
    contentType: 'application/x-ndjson',
    start: '',
    chunk: ({ text }) => line({ ...part(text), done: false }),
    end: (ended, counts) =>
      line({
        ...part(''),
        done: true,
        done_reason: ended,
        ...(counts === null
          ? {}
          : {
              prompt_eval_count: counts.promptTokens - counts.cachedTokens,
              prompt_eval_duration: counts.prefillMs * 1e6,
              eval_count: counts.generatedTokens,
              eval_duration: counts.decodeMs * 1e6,
              ...(counts.loadMs === null ? {} : { load_duration: counts.loadMs * 1e6 }),
            }),
      }),
    error: (message) => line({ error: message }),
    request: (body) => ({
      prompt: promptOf(body),
      newTokens: number((body.options as { num_predict?: number } | undefined)?.num_predict, 16),
      endsAfter: ENDS_AFTER,
    }),
  }
}

/** A text ends by itself after so many tokens, unless the end is ignored. */
export const ENDS_AFTER = 200

export const mockDialects: Readonly<Record<string, MockDialect>> = {
  '/v1/chat/completions': openAi(
    (content) => ({ delta: { content } }),
    (body) => (body.messages as { content: string }[]).map(({ content }) => content).join(' '),
    { delta: { role: 'assistant', content: '' } },
  ),
  '/v1/completions': openAi((text) => ({ text }), promptText, null),
  '/v1/responses': {
    contentType: 'text/event-stream',
    start: named({ type: 'response.created', response: { object: 'response', status: 'in_progress', output: [], usage: null } }),
    chunk: ({ text }) =>
      named({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: text, logprobs: [] }),
    end: (ended, counts) =>
      named({
        type: ended === 'length' ? 'response.incomplete' : 'response.completed',
        response: {
          object: 'response',
          status: ended === 'length' ? 'incomplete' : 'completed',
          incomplete_details: ended === 'length' ? { reason: 'max_output_tokens' } : null,
          output: [{ type: 'message', content: [{ type: 'output_text', text: 'all of it' }] }],
          usage: counts === null ? null : responsesUsage(counts),
        },
      }),
    error: (message) => named({ type: 'error', code: 'server_error', message, param: null }),
    request: (body) => ({
      prompt: String(body.input),
      newTokens: number(body.max_output_tokens, 16),
      endsAfter: body.ignore_eos === true ? null : ENDS_AFTER,
    }),
  },
  '/completion': {
    contentType: 'text/event-stream',
    start: '',
    chunk: ({ text, ids }) => event({ content: text, tokens: ids, stop: false }),
    end: (ended, counts) =>
      event({
        content: '',
        tokens: [],
        stop: true,
        stop_type: ended === 'length' ? 'limit' : 'eos',
        ...(counts === null
          ? {}
          : {
              tokens_predicted: counts.generatedTokens,
              tokens_evaluated: counts.promptTokens,
              timings: {
                cache_n: counts.cachedTokens,
                prompt_n: counts.promptTokens - counts.cachedTokens,
                prompt_ms: counts.prefillMs,
                predicted_n: counts.generatedTokens,
                predicted_ms: counts.decodeMs,
                ...(counts.drafted === null ? {} : { draft_n: counts.drafted.tokens, draft_n_accepted: counts.drafted.accepted }),
              },
            }),
      }),
    error: (message) => `error: ${JSON.stringify({ code: 500, message })}\n\n${event({ error: { code: 500, message } })}`,
    request: (body) => ({
      prompt: promptText(body),
      newTokens: number(body.n_predict, 16),
      endsAfter: body.ignore_eos === true ? null : ENDS_AFTER,
      drafts: body['speculative.n_max'] !== 0,
    }),
  },
  '/api/generate': ollama((response) => ({ response }), promptText),
  '/api/chat': ollama(
    (content) => ({ message: { role: 'assistant', content } }),
    (body) => (body.messages as { content: string }[]).map(({ content }) => content).join(' '),
  ),
}

/** Token ids are words, too. */
function promptText({ prompt }: Record<string, unknown>): string {
  return Array.isArray(prompt) ? prompt.join(' ') : String(prompt)
}
