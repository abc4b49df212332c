// The Open Inference Protocol over HTTP, on the main thread: parse, ask the queue, answer. Only what is listed here can be asked for.
import http from 'node:http'
import type { Dispatcher, Ticket } from './dispatcher.ts'
import type { Metrics } from './metrics.ts'
import { badRequest, type ModelSpec, RequestError } from './protocol.ts'
import { parseInfer } from './rest-request.ts'
import { encodeInfer } from './rest-response.ts'
import { serverTiming } from './server-timing.ts'

export interface Served {
  readonly model: ModelSpec
  readonly version: string
  readonly dispatcher: Dispatcher
  readonly metrics: Metrics
  /** Workers that are ready, and how often one was started again. */
  readonly workers: { ready(): number; restarts(): number }
  readonly mostBodyBytes: number
  /** Of bodies that are not whole yet. */
  readonly reading: { bytes: number }
  /** Of requests that name none, ms; null: as long as it takes. */
  readonly timeoutMs: number | null
  /** Whether it should get requests: not while it shuts down. */
  isReady(): boolean
  log(entry: Readonly<Record<string, unknown>>): void
}

const HEADERS_TIMEOUT_MS = 20_000
const REQUEST_TIMEOUT_MS = 60_000
/** Longer than balancers keep connections: else their requests meet a closed one. */
const KEEP_ALIVE_MS = 75_000
const RETRY_AFTER_SECONDS = 1
/** Bodies that are being read, together: so many of the largest. More are refused, or a few slow clients would take all memory. */
const MOST_BODIES = 4
/** 499 is nginx' word for a client that has gone; nobody reads it. */
const GONE = 499

/** What is no request, by the error of Node's parser; else 400. */
const PARSER_STATUS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

interface Answer {
  readonly status: number
  readonly body: Buffer | string
  readonly headers?: Readonly<Record<string, string | number>>
}

export function createHttpServer(served: Served): http.Server {
  const server = http.createServer({ maxHeaderSize: 16 * 1024, requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    void handle(served, request, response)
  })
  server.headersTimeout = HEADERS_TIMEOUT_MS
  server.keepAliveTimeout = KEEP_ALIVE_MS
  server.on('clientError', ({ code }: NodeJS.ErrnoException, socket) => {
    const status = PARSER_STATUS[code ?? ''] ?? '400 Bad Request'
    if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  })
  return server
}

async function handle(served: Served, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  let answer: Answer
  try {
    answer = await answerTo(served, request, response)
  } catch (error) {
    answer = failure(served, error)
  }
  if (response.destroyed || response.headersSent) return
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body
  // What was not read of the request would be taken for the next one.
  const isUnread = !request.complete
  response.writeHead(answer.status, {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    ...(isUnread ? { Connection: 'close' } : {}),
    ...answer.headers,
  })
  response.end(body)
  if (isUnread) request.resume()
}

function failure(served: Served, error: unknown): Answer {
  const known = error instanceof RequestError
  const status = known ? error.status : 500
  served.metrics.failed(status === 503 || status === 504 ? 'REJECTED' : status === GONE ? 'CANCELED' : 'OTHER')
  if (!known) served.log({ level: 'error', message: 'a request failed', error: String((error as Error).stack ?? error) })
  const message = known ? error.message : 'internal error'
  return {
    status,
    body: JSON.stringify({ error: message }),
    ...(status === 503 ? { headers: { 'Retry-After': RETRY_AFTER_SECONDS } } : {}),
  }
}

const json = (value: unknown, status = 200): Answer => ({ status, body: JSON.stringify(value) })

async function answerTo(served: Served, request: http.IncomingMessage, response: http.ServerResponse): Promise<Answer> {
  const path = decoded((request.url ?? '/').split('?')[0]!)
  const { model, version, metrics, dispatcher, workers } = served
  const isGet = request.method === 'GET' || request.method === 'HEAD'
  if (isGet && path === '/v2/health/live') return json({ live: true })
  if (isGet && path === '/v2/health/ready') return json({ ready: served.isReady() }, served.isReady() ? 200 : 503)
  if (isGet && /^\/v2\/?$/.test(path)) return json({ name: 'whyslow', version, extensions: ['binary_tensor_data', 'parameters'] })
  if (isGet && path === '/metrics') {
    const now = { waiting: dispatcher.waiting, running: dispatcher.running, ready: workers.ready(), restarts: workers.restarts() }
    return { status: 200, body: metrics.text(now), headers: { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' } }
  }
  const asked = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/(ready|infer))?\/?$/.exec(path)
  if (asked === null) throw new RequestError(404, `there is no ${path.slice(0, 80).replace(/[^\x20-\x7e]+/g, ' ')}`)
  const [, name, givenVersion, what] = asked
  if (name !== model.name || (givenVersion !== undefined && givenVersion !== (model.version ?? '1')))
    throw new RequestError(404, `there is no such model; this server has '${model.name}'`)
  if (what === 'infer') {
    if (request.method === 'POST') return infer(served, request, response)
    throw new RequestError(405, 'infer takes POST')
  }
  if (!isGet) throw new RequestError(405, 'this takes GET')
  if (what === 'ready') return json({ name: model.name, ready: served.isReady() }, served.isReady() ? 200 : 503)
  return json(metadataOf(model))
}

export function metadataOf(model: ModelSpec): object {
  const tensors = (specs: ModelSpec['inputs']) =>
    specs.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape ?? [] }))
  const { name, version, platform } = model
  return { name, versions: [version ?? '1'], platform, inputs: tensors(model.inputs), outputs: tensors(model.outputs) }
}

async function infer(served: Served, request: http.IncomingMessage, response: http.ServerResponse): Promise<Answer> {
  const { dispatcher, model, metrics } = served
  const startedMs = performance.now()
  if (dispatcher.isFull) throw new RequestError(503, 'the queue is full; try again later')
  const headerBytes = headerLength(request.headers['inference-header-content-length'])
  const body = await readBody(request, served)
  const receivedMs = performance.now()
  const asked = parseInfer(model, body, headerBytes)
  const parsedMs = performance.now()
  const ticket: Ticket = dispatcher.submit(asked.feeds, asked.timeoutMs ?? served.timeoutMs)
  const gone = () => {
    if (!response.writableFinished) ticket.cancel()
  }
  response.once('close', gone)
  const { results, timing } = await ticket.answer.finally(() => response.off('close', gone))
  const answeredMs = performance.now()
  const encoded = encodeInfer(model, asked, results)
  const endedMs = performance.now()
  metrics.succeeded(timing, endedMs - startedMs)
  const around = { upload: receivedMs - startedMs, parse: parsedMs - receivedMs, serialize: endedMs - answeredMs }
  return {
    status: 200,
    body: encoded.body,
    headers: {
      'Server-Timing': serverTiming(timing, around),
      ...(encoded.headerBytes === null
        ? {}
        : { 'Content-Type': 'application/octet-stream', 'Inference-Header-Content-Length': encoded.headerBytes }),
    },
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw badRequest('the path is no text')
  }
}

function headerLength(header: string | string[] | undefined): number | null {
  if (header === undefined) return null
  if (typeof header === 'string' && /^\d{1,12}$/.test(header)) return Number(header)
  throw badRequest('Inference-Header-Content-Length is no number of bytes')
}

async function readBody(request: http.IncomingMessage, { mostBodyBytes: most, reading }: Served): Promise<Buffer> {
  const tooLarge = () => new RequestError(413, `the body is larger than the ${most} bytes that this server takes`)
  if (Number(request.headers['content-length'] ?? 0) > most) throw tooLarge()
  const coding = request.headers['content-encoding']
  if (coding !== undefined && coding !== 'identity')
    throw new RequestError(415, `Content-Encoding ${coding.slice(0, 20)} is not offered`)
  let size = 0
  try {
    return await new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      const refuse = (error: RequestError) => {
        request.removeAllListeners('data')
        reject(error)
      }
      request.on('data', (chunk: Buffer) => {
        size += chunk.length
        reading.bytes += chunk.length
        if (size > most) refuse(tooLarge())
        else if (reading.bytes > MOST_BODIES * most)
          refuse(new RequestError(503, 'too many bodies are being read at once; try again later'))
        else chunks.push(chunk)
      })
      request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
      request.on('error', () => reject(new RequestError(GONE, 'the client has gone')))
      request.on('aborted', () => reject(new RequestError(GONE, 'the client has gone')))
    })
  } finally {
    reading.bytes -= size
  }
}
