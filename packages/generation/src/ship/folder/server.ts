// The server of a shipped folder over HTTP: OpenAI's completions, streamed or whole. It reads no files and answers under these paths alone.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import { isInputError } from '@whyslow/graph/input-error.ts'
import { foreignRequest } from '@whyslow/measure/machine/loopback.ts'
import type { LoopEnd } from '../../loop/loop.ts'
import {
  type AnswerHead,
  answerCount,
  type ChunkKind,
  type CompletionRequest,
  chunkOf,
  errorBody,
  parseCompletionRequest,
  RequestError,
  requestOfAnswer,
  togetherOf,
  usageChunk,
  wholeAnswer,
} from './completions.ts'
import type { TextGenerator } from './text-generator.ts'
import { type Line, lineOf } from './turns.ts'

export interface ServerOptions {
  /** What clients call the model. */
  readonly name: string
  /** Requests that may wait; more are refused. */
  readonly queueSize: number
  readonly mostBodyBytes: number
  /** New tokens of requests that say no number. */
  readonly newTokens: number
  /** Whether a Host header names this server; null: any does. */
  readonly isOwn: ((host: string) => boolean) | null
  log(entry: Readonly<Record<string, unknown>>): void
}

export interface TextServer {
  readonly server: http.Server
  /** Refuses what comes from now on, and ends when what runs has ended. */
  close(): Promise<void>
}

const REQUEST_TIMEOUT_MS = 60_000
const HEADERS_TIMEOUT_MS = 20_000
const RETRY_AFTER_SECONDS = 1

interface Serving extends ServerOptions {
  readonly generator: TextGenerator
  readonly line: Line
  readonly createdSeconds: number
  isClosing: boolean
}

export function textServer(generator: TextGenerator, options: ServerOptions): TextServer {
  const createdSeconds = Math.floor(Date.now() / 1000)
  const serving: Serving = { ...options, generator, line: lineOf(options.queueSize), createdSeconds, isClosing: false }
  const server = http.createServer({ maxHeaderSize: 16 * 1024, requestTimeout: REQUEST_TIMEOUT_MS })
  server.headersTimeout = HEADERS_TIMEOUT_MS
  server.on('request', (request, response) => {
    // A connection that is kept alive would keep a closing server.
    response.once('close', () => serving.isClosing && setImmediate(() => server.closeIdleConnections()))
    void handle(serving, request, response)
  })
  return {
    server,
    async close() {
      serving.isClosing = true
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeIdleConnections()
      await closed
    },
  }
}

async function handle(serving: Serving, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  try {
    const foreign = serving.isOwn === null ? null : foreignRequest(request, serving.isOwn)
    if (foreign !== null) throw new RequestError(foreign.status, foreign.reason)
    await route(serving, request, response)
  } catch (error) {
    if (response.destroyed) return
    const known = knownError(error)
    if (known.status === 500) serving.log({ level: 'error', message: 'a request failed', error: String((error as Error).stack) })
    if (response.headersSent) {
      // The status is gone: the stream says what happened.
      response.end(`data: ${JSON.stringify(errorBody(known))}\n\n`)
      return
    }
    // What is left of a body that was refused is not read.
    if (!request.complete) response.setHeader('Connection', 'close')
    if (known.status === 429 || known.status === 503) response.setHeader('Retry-After', RETRY_AFTER_SECONDS)
    json(response, known.status, errorBody(known))
  }
}

function knownError(error: unknown): RequestError {
  if (error instanceof RequestError) return error
  if (isInputError(error)) return new RequestError(400, error.message, { code: error.code })
  return new RequestError(500, 'internal error')
}

async function route(serving: Serving, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  // Clients whose base address has no /v1 mean the same.
  const path = (request.url ?? '/')
    .split('?')[0]!
    .replace(/(.)\/$/, '$1')
    .replace(/^\/(chat\/completions|completions|models)(?=\/|$)/, '/v1/$1')
  const kind = { '/v1/chat/completions': 'chat', '/v1/completions': 'text' }[path] as CompletionRequest['kind'] | undefined
  if (kind !== undefined) {
    if (request.method !== 'POST') throw methodError('POST', response)
    return answer(serving, kind, request, response)
  }
  const { name, createdSeconds, isClosing } = serving
  const model = { id: name, object: 'model', created: createdSeconds, owned_by: 'whyslow' }
  const told: Readonly<Record<string, object>> = {
    '/health': { status: isClosing ? 'closing' : 'ok' },
    '/v1/models': { object: 'list', data: [model] },
    [`/v1/models/${encodeURIComponent(name)}`]: model,
  }
  if (!Object.hasOwn(told, path))
    throw new RequestError(404, 'there is nothing here; there is /v1/chat/completions, /v1/completions and /v1/models')
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodError('GET', response)
  json(response, path === '/health' && isClosing ? 503 : 200, told[path]!)
}

function methodError(method: string, response: http.ServerResponse): RequestError {
  response.setHeader('Allow', method)
  return new RequestError(405, `this takes ${method}`)
}

async function answer(
  serving: Serving,
  kind: CompletionRequest['kind'],
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  if (serving.isClosing) throw new RequestError(503, 'the server is shutting down')
  const asked = parseCompletionRequest(kind, await bodyOf(request, serving.mostBodyBytes), {
    name: serving.name,
    takesMessages: serving.generator.takesMessages,
    recommended: serving.generator.recommended,
    newTokens: serving.newTokens,
  })
  const left = new AbortController()
  const leave = () => left.abort(new Error('the client has left'))
  response.once('close', leave)
  // Who left with the last piece of the body closes nothing any more.
  if (response.destroyed) leave()
  const head: AnswerHead = {
    id: `${kind === 'chat' ? 'chatcmpl' : 'cmpl'}-${randomUUID()}`,
    created: Math.floor(Date.now() / 1000),
    model: serving.name,
    kind,
  }
  const work = () => (asked.stream ? stream : whole)(serving.generator, asked, { head, response, signal: left.signal })
  const turn = serving.line.join(work, left.signal)
  if (turn === null)
    throw new RequestError(429, `${serving.line.waiting} requests wait already; try again later`, { code: 'queue_full' })
  await turn
}

interface Reply {
  readonly head: AnswerHead
  readonly response: http.ServerResponse
  readonly signal: AbortSignal
}

async function whole(generator: TextGenerator, asked: CompletionRequest, { head, response, signal }: Reply): Promise<void> {
  const answers: Awaited<ReturnType<TextGenerator['complete']>>[] = []
  while (answers.length < answerCount(asked) && !signal.aborted) {
    const { prompt, options } = requestOfAnswer(asked, answers.length)
    answers.push(await generator.complete(prompt, { ...options, signal }))
  }
  if (!signal.aborted) json(response, 200, wholeAnswer(head, answers, asked.count))
}

async function stream(generator: TextGenerator, asked: CompletionRequest, { head, response, signal }: Reply): Promise<void> {
  const { count, includeUsage } = asked
  const wanted = answerCount(asked)
  const send = (chunk: object) => sent(response, `data: ${JSON.stringify(chunk)}\n\n`, signal)
  const ends: LoopEnd[] = []
  for (let index = 0; index < wanted; index++) {
    const usage = includeUsage ? ({ usage: null } as const) : {}
    const piece = (text: string, what: ChunkKind = {}) => send(chunkOf(head, text, { ...usage, ...what, index }))
    const { prompt, options } = requestOfAnswer(asked, index)
    const running = generator.generate(prompt, { ...options, signal })
    try {
      // What is wrong with the prompt is said with a status.
      let step = await running.next()
      if (signal.aborted) return
      if (!response.headersSent)
        response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-cache' })
      if (head.kind === 'chat') await piece('', { isFirst: true })
      while (!step.done) {
        if (step.value.text !== '') await piece(step.value.text)
        step = await running.next()
      }
      if (signal.aborted) return
      const end: LoopEnd = step.value
      ends.push(end)
      const isLast = index === wanted - 1 && !includeUsage
      await piece(end.rest, { end, ...(isLast ? { usage: togetherOf(ends, count) } : {}) })
    } finally {
      // A generation that is not read to its end would keep the engine.
      await running.return(undefined as never)
    }
  }
  if (includeUsage) await send(usageChunk(head, togetherOf(ends, count)))
  response.end('data: [DONE]\n\n')
}

/** How long a client may leave what was sent to it unread. */
const DRAIN_MS = 10_000

/** Resolves when the response takes more, or when the client has left: a response that is closed has no events any more. */
async function sent(response: http.ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  if (response.destroyed || response.write(text)) return
  const late = AbortSignal.timeout(DRAIN_MS)
  await once(response, 'drain', { signal: AbortSignal.any([signal, late]) }).catch((error: unknown) => {
    // Others wait for the engine that it holds.
    if (late.aborted) response.destroy()
    else if (!signal.aborted) throw error
  })
}

/** Throws RequestError if it is larger than `most`, before it is read where it says so itself. */
async function bodyOf(request: http.IncomingMessage, most: number): Promise<string> {
  const tooLarge = () => new RequestError(413, `the body is larger than ${most} bytes`)
  if (Number(request.headers['content-length'] ?? 0) > most) throw tooLarge()
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size > most) throw tooLarge()
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function json(response: http.ServerResponse, status: number, value: object): void {
  const body = JSON.stringify(value)
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}
