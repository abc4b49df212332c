// The Open Inference Protocol over gRPC, in addition to HTTP: the same queue, workers and limits. The package `@grpc/grpc-js` is the user's to install:
// https://www.npmjs.com/package/@grpc/grpc-js
import type { ServerHttp2Stream } from 'node:http2'
import { type BodyBudget, type BodyShare, bytesOf } from '../body-budget.ts'
import { bodySizes } from '../body-size.ts'
import { countFailure, type ServedModel, shorterLimit } from '../http-server.ts'
import { badRequest, RequestError } from '../protocol.ts'
import { isLongAnswer } from '../rest-response.ts'
import { ANSWER_IDLE_MS, answerLimitMs, LONG_BYTES, MOST_CONNECTIONS, REQUEST_TIMEOUT_MS } from '../server-defaults.ts'
import { serverTiming } from '../server-timing.ts'
import { encodeGrpcInfer, parseGrpcInfer } from './infer.ts'
import { readModelName, writeBool, writeModelConfig, writeModelMetadata, writeServerMetadata } from './messages.ts'

export interface GrpcServer {
  readonly port: number
  /** Takes no new calls; resolves when those under way are answered. */
  close(): Promise<void>
  /** Ends those under way, too. */
  closeAtOnce(): void
}

/** What is used of the package, said here, so that declarations do not need it. */
export interface GrpcPackage {
  readonly Server: new (options: Readonly<Record<string, unknown>>) => GrpcPackageServer
  readonly ServerInterceptingCall: new (next: ReceivedCall, responder: Responder) => object
  readonly ServerCredentials: { createInsecure(): unknown }
  readonly Metadata: new () => GrpcMetadata
}

/** A call before its message is whole. */
interface ReceivedCall {
  /**
   * Of HTTP/2. The package does not document it; if it is absent, what comes is counted when it is whole, compressed messages are not refused, and a
   * client that does not read its answer is given up by keepalive alone.
   */
  readonly stream?: Pick<ServerHttp2Stream, 'prependListener' | 'once' | 'setTimeout' | 'close' | 'closed'>
  sendStatus(status: { readonly code: number; readonly details: string; readonly metadata: GrpcMetadata | null }): void
}

interface Responder {
  start(next: (listener: CallListener) => void): void
  sendMetadata(metadata: GrpcMetadata, next: (metadata: GrpcMetadata) => void): void
}

interface CallListener {
  onReceiveMessage(message: Buffer, next: (message: Received) => void): void
  onReceiveHalfClose(next: () => void): void
}

/** A message, and what its call holds of the memory. */
interface Received {
  readonly bytes: Buffer
  readonly held: BodyShare
  /** Says that from now on this many bytes are the client's to read. Throws RequestError (503) if there is no room for them. */
  answers(bytes: number): void
}

interface GrpcMetadata {
  set(name: string, value: string): void
}

export interface GrpcPackageServer {
  /** Node's servers. Not documented; if it is absent, connections are not counted. */
  readonly http2Servers?: { keys(): Iterable<{ maxConnections: number }> }
  addService(definition: object, handlers: object): void
  bindAsync(address: string, credentials: unknown, bound: (error: Error | null, port: number) => void): void
  tryShutdown(ended: () => void): void
  forceShutdown(): void
}

interface Call {
  readonly request: Received
  getDeadline(): Date | number
  on(event: 'cancelled', listener: () => void): unknown
  off(event: 'cancelled', listener: () => void): unknown
}

type AnswerCall = (
  error: { readonly code: number; readonly details: string } | null,
  bytes?: Uint8Array,
  trailer?: GrpcMetadata,
) => void

export interface GrpcOptions {
  readonly grpc: GrpcPackage
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
}

interface Answered {
  readonly bytes: Uint8Array
  /** As HTTP's header of that name. */
  readonly serverTiming?: string
}

type Unary = (received: Received, call: Call) => Promise<Answered> | Answered

const SERVICE = 'inference.GRPCInferenceService'

/** gRPC's status for HTTP's. */
const CODES: Readonly<Record<number, number>> = { 404: 5, 499: 1, 500: 13, 501: 12, 503: 14, 504: 4 }
const INVALID_ARGUMENT = 3

/** What a client that lost its power or its network leaves is found out within the sum of both. */
const KEEPALIVE = { 'grpc.keepalive_time_ms': 60_000, 'grpc.keepalive_timeout_ms': 20_000 } as const
/** A connection without calls is closed after this; clients open another when they need it. */
const CONNECTION_IDLE_MS = 300_000
/** Most streams of a connection; clients keep the rest back. */
const MOST_STREAMS = 1000
/** HTTP/2's word for an answer that nobody wants any more. */
const CANCEL = 0x8
/** Before each message: whether it is compressed, and its length. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
const MESSAGE_HEAD_BYTES = 5

/** Throws an Error if the port cannot be had. */
export async function startGrpcServer(served: ServedModel, { grpc, host, port }: GrpcOptions): Promise<GrpcServer> {
  const server = new grpc.Server({
    'grpc.max_receive_message_length': bodySizes(served.model, served.mostBodyBytes).message,
    'grpc.max_send_message_length': -1,
    ...KEEPALIVE,
    'grpc.max_connection_idle_ms': CONNECTION_IDLE_MS,
    'grpc.max_concurrent_streams': MOST_STREAMS,
    interceptors: [
      (_: unknown, call: ReceivedCall) =>
        new grpc.ServerInterceptingCall(
          call,
          limitCall(call, served.budget, () => new grpc.Metadata()),
        ),
    ],
  })
  const methods = methodsOf(served)
  const definition = Object.fromEntries(Object.keys(methods).map((name) => [name, unary(name)]))
  const handlers = Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [name, handlerOf(served, method, () => new grpc.Metadata())]),
  )
  server.addService(definition, handlers)
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error, free) =>
      error === null ? resolve(free) : reject(error),
    )
  })
  for (const one of server.http2Servers?.keys() ?? []) one.maxConnections = MOST_CONNECTIONS
  return {
    port: bound,
    close: () => new Promise((resolve) => server.tryShutdown(() => resolve())),
    closeAtOnce: () => server.forceShutdown(),
  }
}

function unary(name: string): object {
  const asIs = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    path: `/${SERVICE}/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  }
}

function methodsOf(served: ServedModel): Readonly<Record<string, Unary>> {
  const { model, version } = served
  /** Throws RequestError if it is none of ours. */
  const checkName = (bytes: Buffer) => {
    const asked = nameIn(bytes)
    if (asked.name === model.name && (asked.version === '' || asked.version === (model.version ?? '1'))) return
    throw new RequestError(404, `there is no such model; this server has '${model.name}'`)
  }
  return {
    ServerLive: () => ({ bytes: writeBool(true) }),
    ServerReady: () => ({ bytes: writeBool(served.isReady()) }),
    ModelReady({ bytes }) {
      checkName(bytes)
      return { bytes: writeBool(served.isReady()) }
    },
    ServerMetadata: () => ({ bytes: writeServerMetadata(version) }),
    ModelMetadata({ bytes }) {
      checkName(bytes)
      return { bytes: writeModelMetadata(model) }
    },
    ModelConfig({ bytes }) {
      checkName(bytes)
      return { bytes: writeModelConfig(model) }
    },
    ModelInfer: (received, call) => counted(served, received, call),
  }
}

/** Throws RequestError if the message is none. */
function nameIn(bytes: Buffer): ReturnType<typeof readModelName> {
  try {
    return readModelName(bytes)
  } catch {
    throw badRequest('the message cannot be read')
  }
}

/**
 * Counts the bytes of a call from the first of its message until its answer is read. Refuses what there is no room for, what is compressed (a few
 * kilobytes become as many megabytes, which nobody counted), what takes too long to come, and gives up clients that do not read.
 */
function limitCall(call: ReceivedCall, budget: BodyBudget, newMetadata: () => GrpcMetadata): Responder {
  const { stream } = call
  const held = budget.hold()
  let bytes = 0
  let isOver = false
  let limit: NodeJS.Timeout | undefined
  /** Once the client has sent all, is refused, or is gone. */
  const endReceiving = () => {
    isOver = true
    clearTimeout(limit)
    held.waits(null)
  }
  const refuse = (status: number, details: string, metadata: GrpcMetadata | null = null) => {
    endReceiving()
    held.free()
    call.sendStatus({ code: CODES[status]!, details, metadata })
    // What still comes of it is not read. Node writes the status before immediates of JavaScript run; closed earlier, Node 26 does not send it.
    setImmediate(() => stream?.close())
  }
  limit = setTimeout(() => refuse(504, 'the message took too long to come'), REQUEST_TIMEOUT_MS)
  held.waits(() => refuse(504, 'the message came too slowly while others need the memory'))
  const isCompressed = findCompressed()
  // Before the package, which keeps what comes, or decompresses it.
  stream?.prependListener('data', (chunk: Buffer) => {
    if (isOver) return
    bytes += chunk.length
    try {
      held.set(bytes)
      if (!isCompressed(chunk)) return
      const metadata = newMetadata()
      metadata.set('grpc-accept-encoding', 'identity')
      refuse(501, 'compressed messages are not supported; send them uncompressed', metadata)
    } catch (error) {
      refuse(503, (error as Error).message)
    }
  })
  stream?.once('close', () => {
    endReceiving()
    held.free()
  })
  const giveUp = () => stream?.close(CANCEL)
  return {
    start(next) {
      next({
        onReceiveMessage(message, pass) {
          const answers = (size: number) => {
            if (stream?.closed) return
            held.set(size)
            held.waits(giveUp)
            stream?.setTimeout(ANSWER_IDLE_MS, giveUp)
            limit = setTimeout(giveUp, answerLimitMs(size))
          }
          pass({ bytes: message, held, answers })
        },
        onReceiveHalfClose(pass) {
          endReceiving()
          pass()
        },
      })
    },
    sendMetadata(metadata, next) {
      metadata.set('grpc-accept-encoding', 'identity')
      next(metadata)
    },
  }
}

/** Whether a message that begins in a part of a call's bytes is compressed. */
function findCompressed(): (part: Buffer) => boolean {
  const head = Buffer.alloc(MESSAGE_HEAD_BYTES)
  /** Bytes known of the head, and left of the message after it. */
  let [known, left] = [0, 0]
  return (part) => {
    for (let at = 0; at < part.length; ) {
      if (left > 0) {
        const step = Math.min(left, part.length - at)
        left -= step
        at += step
        continue
      }
      head[known++] = part[at++]!
      if (head[0] === 1) return true
      if (known < MESSAGE_HEAD_BYTES) continue
      left = head.readUInt32BE(1)
      known = 0
    }
    return false
  }
}

/** What goes wrong with a prediction is counted, and nothing else. */
async function counted(served: ServedModel, received: Received, call: Call): Promise<Answered> {
  try {
    return await infer(served, received, call)
  } catch (error) {
    received.held.free()
    countFailure(served, error)
    throw error
  }
}

async function infer(served: ServedModel, { bytes, held, answers }: Received, call: Call): Promise<Answered> {
  const { dispatcher, model, metrics } = served
  const startedMs = performance.now()
  held.set(bytes.length)
  if (dispatcher.isFull) throw new RequestError(503, 'the queue is full; try again later')
  const { codec } = served
  const isLong = codec !== null && bytes.length > LONG_BYTES
  const asked = isLong ? await codec.parse('grpc', [bytes], null) : parseGrpcInfer(model, bytes)
  held.set(bytesOf(asked.feeds))
  const parsedMs = performance.now()
  const ticket = dispatcher.submit(asked.feeds, shorterLimit(shorterLimit(asked.timeoutMs, deadlineOf(call)), served.timeoutMs))
  call.on('cancelled', ticket.cancel)
  const { results, timing } = await ticket.answer.finally(() => call.off('cancelled', ticket.cancel))
  const answeredMs = performance.now()
  const encoded =
    codec !== null && isLongAnswer(model, asked, results)
      ? (await codec.encode('grpc', asked, results)).body
      : encodeGrpcInfer(model, asked, results)
  const endedMs = performance.now()
  answers(encoded.length)
  metrics.succeeded(timing, endedMs - startedMs)
  const around = { parse: parsedMs - startedMs, serialize: endedMs - answeredMs }
  return { bytes: encoded, serverTiming: serverTiming(timing, around) }
}

/** What is left of `grpc-timeout`, ms; null: none was set. */
function deadlineOf(call: Call): number | null {
  const left = Number(call.getDeadline()) - Date.now()
  return Number.isFinite(left) ? Math.max(0, left) : null
}

const handlerOf =
  (served: ServedModel, method: Unary, newMetadata: () => GrpcMetadata) =>
  async (call: Call, answer: AnswerCall): Promise<void> => {
    try {
      const { bytes, serverTiming: told } = await method(call.request, call)
      const trailer = told === undefined ? undefined : newMetadata()
      trailer?.set('server-timing', told!)
      answer(null, bytes, trailer)
    } catch (error) {
      const known = error instanceof RequestError
      if (!known) served.log({ level: 'error', message: 'a call failed', error: String((error as Error).stack ?? error) })
      const code = known ? (CODES[error.status] ?? INVALID_ARGUMENT) : CODES[500]!
      answer({ code, details: known ? error.message : 'internal error' })
    }
  }
