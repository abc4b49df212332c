// The Open Inference Protocol over HTTP, on the main thread: parse, ask the queue, answer. Only what is listed here can be requested.

import http from 'node:http'
import { foreignRequest } from '@whyslow/measure/machine/loopback.ts'
import { type BodyBudget, type BodyShare, bytesOf } from './body-budget.ts'
import { type BodySizes, bodySizes, mostOfBody } from './body-size.ts'
import type { CodecThread } from './codec-thread.ts'
import type { Dispatcher } from './dispatcher.ts'
import { CLIENT_CLOSED_REQUEST, readBody } from './http-body.ts'
import { type Connections, type Exchange, watchConnections } from './http-connections.ts'
import type { Metrics } from './metric-types.ts'
import { modelConfig } from './model-config.ts'
import { badRequest, type InferRequest, type ModelSpec, RequestError } from './protocol.ts'
import { parseInfer } from './rest-request.ts'
import { encodeInfer, isLongAnswer } from './rest-response.ts'
import { LONG_BYTES, LONG_RAW_BYTES, REQUEST_TIMEOUT_MS } from './server-defaults.ts'
import { serverTiming } from './server-timing.ts'

export interface ServedModel {
  readonly model: ModelSpec
  readonly version: string
  readonly dispatcher: Dispatcher
  readonly metrics: Metrics
  /** Workers that are ready, and how often one was started again. */
  readonly workers: { ready(): number; restarts(): number }
  readonly mostBodyBytes: number
  /** Budget of all requests together, over HTTP and gRPC. */
  readonly budget: BodyBudget
  /** No request waits longer, whatever it says itself, ms; null: as long as it takes. */
  readonly timeoutMs: number | null
  /** Where long requests and answers are read and written; null: here. */
  readonly codec: CodecThread | null
  /** Whether it should get requests: not while it shuts down. */
  isReady(): boolean
  /** A request was refused since there are too many. */
  refused(): void
  log(entry: Readonly<Record<string, unknown>>): void
}

export interface HttpServer extends Pick<Connections, 'close'> {
  readonly server: http.Server
  /** Answers for the model from now on. */
  serve(served: ServedModel): void
}

const HEADERS_TIMEOUT_MS = 20_000
/** Longer than balancers keep connections: else their requests meet a closed one. */
const KEEP_ALIVE_MS = 75_000
const RETRY_AFTER_SECONDS = 1

interface Answer {
  readonly status: number
  readonly body: Buffer | string
  readonly headers?: http.OutgoingHttpHeaders
}

export interface HttpOptions {
  /** Whether a Host header names this server; null: any does. */
  readonly isOwn: ((host: string) => boolean) | null
}

interface Asked {
  readonly served: ServedModel
  readonly sizes: BodySizes
  readonly exchange: Exchange
}

/** Until it serves a model it is live and not ready: who starts it would else take the time that a model needs to open for its death. */
export function createHttpServer({ isOwn }: HttpOptions = { isOwn: null }): HttpServer {
  const server = http.createServer({ maxHeaderSize: 16 * 1024, requestTimeout: REQUEST_TIMEOUT_MS })
  server.headersTimeout = HEADERS_TIMEOUT_MS
  server.keepAliveTimeout = KEEP_ALIVE_MS
  const connections = watchConnections(server)
  let serving: Omit<Asked, 'exchange'> | null = null
  const handle = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    const exchange = connections.open(request, response)
    const foreign = isOwn === null || isHealthCheck(request) ? null : foreignRequest(request, isOwn)
    const { status, body, headers } =
      foreign !== null
        ? refusal(foreign.status, foreign.reason)
        : serving === null
          ? starting(request)
          : await answerTo({ ...serving, exchange })
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    connections.answer(exchange, { status, headers: { 'Content-Type': 'application/json', ...headers }, body: bytes })
  }
  server.on('request', handle)
  // Whether the body is wanted is known before it is sent.
  server.on('checkContinue', handle)
  return {
    server,
    close: connections.close,
    serve(served) {
      serving = { served, sizes: bodySizes(served.model, served.mostBodyBytes) }
    },
  }
}

async function answerTo(asked: Asked): Promise<Answer> {
  try {
    return await route(asked)
  } catch (error) {
    return failure(asked.served, error)
  }
}

function failure(served: ServedModel, error: unknown): Answer {
  const known = error instanceof RequestError
  if (!known) served.log({ level: 'error', message: 'a request failed', error: String((error as Error).stack ?? error) })
  const status = known ? error.status : 500
  return refusal(status, known ? error.message : 'internal error')
}

function refusal(status: number, error: string): Answer {
  const headers = status === 503 ? { 'Retry-After': RETRY_AFTER_SECONDS } : {}
  return { ...json({ error }, status), headers }
}

const json = (value: unknown, status = 200): Answer => ({ status, body: JSON.stringify(value) })

const taking = (methods: string): Answer => ({ ...json({ error: `this takes ${methods}` }, 405), headers: { Allow: methods } })

const isGet = ({ method }: http.IncomingMessage) => method === 'GET' || method === 'HEAD'

const LIVE = json({ live: true })

/** What is told of the server, by path. */
const TOLD: Readonly<Record<string, (served: ServedModel) => Answer | Promise<Answer>>> = {
  '/v2/health/live': () => LIVE,
  '/v2/health/ready': (served) => json({ ready: served.isReady() }, served.isReady() ? 200 : 503),
  '/v2': ({ version }) =>
    json({ name: 'whyslow', version, extensions: ['binary_tensor_data', 'parameters', 'model_configuration'] }),
  '/metrics': metricsOf,
}

const pathOf = ({ url = '/' }: http.IncomingMessage): string => url.split('?')[0]!.replace(/\/$/, '')

/** Load balancers and orchestrators check under names of their own. The answer is yes or no. */
const isHealthCheck = (request: http.IncomingMessage): boolean =>
  isGet(request) && ['/v2/health/live', '/v2/health/ready'].includes(pathOf(request))

/** While the model is opened. */
function starting(request: http.IncomingMessage): Answer {
  const path = pathOf(request)
  if (path === '/v2/health/live') return LIVE
  return path === '/v2/health/ready' ? json({ ready: false }, 503) : refusal(503, 'the server starts; try again later')
}

/** What is told of the model. */
const OF_MODEL: Readonly<Record<string, (served: ServedModel) => Answer>> = {
  '': ({ model }) => json(metadataOf(model)),
  config: ({ model }) => json(modelConfig(model)),
  ready: (served) => json({ name: served.model.name, ready: served.isReady() }, served.isReady() ? 200 : 503),
}

async function route(asked: Asked): Promise<Answer> {
  const { served, exchange } = asked
  const { request } = exchange
  const path = decoded((request.url ?? '/').split('?')[0]!)
  const told = Object.hasOwn(TOLD, path.replace(/\/$/, '')) ? TOLD[path.replace(/\/$/, '')] : undefined
  if (told !== undefined) return isGet(request) ? told(served) : taking('GET, HEAD')
  const parts = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/(ready|config|infer))?\/?$/.exec(path)
  if (parts === null) throw new RequestError(404, `there is no ${path.slice(0, 80).replace(/[^\x20-\x7e]+/g, ' ')}`)
  const [, name, givenVersion, what = ''] = parts
  const { model } = served
  if (name !== model.name || (givenVersion !== undefined && givenVersion !== (model.version ?? '1')))
    throw new RequestError(404, `there is no such model; this server has '${model.name}'`)
  if (what !== 'infer') return isGet(request) ? OF_MODEL[what]!(served) : taking('GET, HEAD')
  return request.method === 'POST' ? counted(asked) : taking('POST')
}

async function metricsOf({ metrics, dispatcher, workers, budget }: ServedModel): Promise<Answer> {
  const { waiting, running, queueLimit } = dispatcher
  const { bytes, most } = budget
  const body = await metrics.text({
    ...{ waiting, running, queueLimit },
    ...{ ready: workers.ready(), restarts: workers.restarts(), bodyBytes: bytes, mostBodyBytes: most },
  })
  return { status: 200, body, headers: { 'Content-Type': metrics.contentType } }
}

function metadataOf(model: ModelSpec): object {
  const tensors = (specs: ModelSpec['inputs']) =>
    specs.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape ?? [] }))
  const { name, version, platform } = model
  return { name, versions: [version ?? '1'], platform, inputs: tensors(model.inputs), outputs: tensors(model.outputs) }
}

/** What goes wrong with a prediction is counted, and nothing else. */
async function counted(asked: Asked): Promise<Answer> {
  const held = asked.served.budget.hold()
  try {
    return await infer(asked, held)
  } catch (error) {
    held.free()
    countFailure(asked.served, error)
    throw error
  }
}

export function countFailure({ metrics, refused }: ServedModel, error: unknown): void {
  const status = error instanceof RequestError ? error.status : 500
  const reason = status === 503 || status === 504 ? 'REJECTED' : status === CLIENT_CLOSED_REQUEST ? 'CANCELED' : 'OTHER'
  metrics.failed(reason)
  if (reason === 'REJECTED') refused()
}

async function infer({ served, sizes, exchange }: Asked, held: BodyShare): Promise<Answer> {
  const { dispatcher, model, metrics } = served
  const startedMs = performance.now()
  if (dispatcher.isFull) throw new RequestError(503, 'the queue is full; try again later')
  const { asked, receivedMs } = await read({ served, sizes, exchange }, held)
  const parsedMs = performance.now()
  const ticket = dispatcher.submit(asked.feeds, shorterLimit(asked.timeoutMs, served.timeoutMs))
  exchange.gone = ticket.cancel
  if (exchange.request.socket.destroyed) ticket.cancel()
  const { results, timing } = await ticket.answer.finally(() => {
    exchange.gone = null
  })
  const answeredMs = performance.now()
  const encoded =
    served.codec !== null && isLongAnswer(model, asked, results)
      ? await served.codec.encode('rest', asked, results)
      : encodeInfer(model, asked, results)
  const endedMs = performance.now()
  held.set(encoded.body.length)
  held.waits(() => exchange.request.socket.destroy())
  exchange.over = held.free
  if (exchange.isOver) held.free()
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

/** The body is not kept: what waits are its tensors. */
async function read({ served, sizes, exchange }: Asked, held: BodyShare): Promise<{ asked: InferRequest; receivedMs: number }> {
  const { request, response } = exchange
  const headerBytes = headerLength(request.headers['inference-header-content-length'])
  const most = mostOfBody(sizes, served.mostBodyBytes, headerBytes)
  const watch = (refuse: Exchange['refuse']) => {
    exchange.refuse = refuse
    held.waits(
      refuse === null ? null : () => refuse(new RequestError(408, 'the body came too slowly while others need the memory')),
    )
  }
  const parts = await readBody(request, response, { most, held, watch })
  const receivedMs = performance.now()
  const bytes = parts.reduce((sum, part) => sum + part.length, 0)
  const isLong = (headerBytes ?? bytes) > LONG_BYTES || bytes > LONG_RAW_BYTES
  const asked =
    isLong && served.codec !== null
      ? await served.codec.parse('rest', parts, headerBytes)
      : parseInfer(served.model, parts.length === 1 ? parts[0]! : Buffer.concat(parts), headerBytes)
  held.set(bytesOf(asked.feeds))
  return { asked, receivedMs }
}

/** The shorter of two limits; null: there is none. */
export const shorterLimit = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.min(a, b)

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw badRequest('the path is not text')
  }
}

function headerLength(header: string | string[] | undefined): number | null {
  if (header === undefined) return null
  if (typeof header === 'string' && /^\d{1,12}$/.test(header)) return Number(header)
  throw badRequest('Inference-Header-Content-Length is not a number of bytes')
}
