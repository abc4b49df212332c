// The Open Inference Protocol over gRPC, beside HTTP: the same queue, workers and limits. The package `@grpc/grpc-js` is the user's to install:
// https://www.npmjs.com/package/@grpc/grpc-js
import { type BodyBudget, bytesOf, type Held } from '../body-budget.ts'
import { bodySizes } from '../body-size.ts'
import { countFailure, type Served } from '../http-server.ts'
import { badRequest, RequestError } from '../protocol.ts'
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
  /** Of HTTP/2. The package does not document it; where it is not there, what comes is counted when it is whole. */
  readonly stream?: NodeJS.ReadableStream
  sendStatus(status: { readonly code: number; readonly details: string; readonly metadata: null }): void
}

interface Responder {
  start(next: (listener: { onReceiveMessage(message: unknown, next: (message: unknown) => void): void }) => void): void
}

interface GrpcMetadata {
  set(name: string, value: string): void
}

export interface GrpcPackageServer {
  addService(definition: object, handlers: object): void
  bindAsync(address: string, credentials: unknown, bound: (error: Error | null, port: number) => void): void
  tryShutdown(ended: () => void): void
  forceShutdown(): void
}

interface Call {
  readonly request: Buffer
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

type Unary = (bytes: Buffer, call: Call) => Promise<Answered> | Answered

const SERVICE = 'inference.GRPCInferenceService'

/** gRPC's status for HTTP's. */
const CODES: Readonly<Record<number, number>> = { 404: 5, 499: 1, 500: 13, 501: 12, 503: 14, 504: 4 }
const INVALID_ARGUMENT = 3

/** Throws an Error where the port cannot be had. */
export async function startGrpcServer(served: Served, { grpc, host, port }: GrpcOptions): Promise<GrpcServer> {
  const server = new grpc.Server({
    'grpc.max_receive_message_length': bodySizes(served.model, served.mostBodyBytes).message,
    'grpc.max_send_message_length': -1,
    interceptors: [(_: unknown, call: ReceivedCall) => new grpc.ServerInterceptingCall(call, countReceived(call, served.budget))],
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

function methodsOf(served: Served): Readonly<Record<string, Unary>> {
  const { model, version } = served
  /** Throws RequestError where it is none of ours. */
  const checkName = (bytes: Buffer) => {
    const asked = nameIn(bytes)
    if (asked.name === model.name && (asked.version === '' || asked.version === (model.version ?? '1'))) return
    throw new RequestError(404, `there is no such model; this server has '${model.name}'`)
  }
  return {
    ServerLive: () => ({ bytes: writeBool(true) }),
    ServerReady: () => ({ bytes: writeBool(served.isReady()) }),
    ModelReady(bytes) {
      checkName(bytes)
      return { bytes: writeBool(served.isReady()) }
    },
    ServerMetadata: () => ({ bytes: writeServerMetadata(version) }),
    ModelMetadata(bytes) {
      checkName(bytes)
      return { bytes: writeModelMetadata(model) }
    },
    ModelConfig(bytes) {
      checkName(bytes)
      return { bytes: writeModelConfig(model) }
    },
    ModelInfer: (bytes, call) => counted(served, bytes, call),
  }
}

/** Throws RequestError where the message is none. */
function nameIn(bytes: Buffer): ReturnType<typeof readModelName> {
  try {
    return readModelName(bytes)
  } catch {
    throw badRequest('the message cannot be read')
  }
}

/** Counts the bytes of a call until its message is whole, and refuses it where there is no room for more. */
function countReceived(call: ReceivedCall, budget: BodyBudget): Responder {
  const held = budget.hold()
  let bytes = 0
  let isWhole = false
  call.stream?.on('data', (chunk: Buffer) => {
    if (isWhole) return
    bytes += chunk.length
    try {
      held.set(bytes)
    } catch (error) {
      isWhole = true
      held.free()
      call.sendStatus({ code: CODES[503]!, details: (error as Error).message, metadata: null })
    }
  })
  call.stream?.once('close', held.free)
  return {
    start(next) {
      next({
        onReceiveMessage(message, pass) {
          isWhole = true
          held.free()
          pass(message)
        },
      })
    },
  }
}

/** What goes wrong with a prediction is counted, and nothing else. */
async function counted(served: Served, bytes: Buffer, call: Call): Promise<Answered> {
  const held = served.budget.hold()
  try {
    return await infer(served, { bytes, call, held })
  } catch (error) {
    countFailure(served, error)
    throw error
  } finally {
    held.free()
  }
}

interface Inferring {
  readonly bytes: Buffer
  readonly call: Call
  readonly held: Held
}

async function infer(served: Served, { bytes, call, held }: Inferring): Promise<Answered> {
  const { dispatcher, model, metrics } = served
  const startedMs = performance.now()
  held.set(bytes.length)
  if (dispatcher.isFull) throw new RequestError(503, 'the queue is full; try again later')
  const asked = parseGrpcInfer(model, bytes)
  held.set(bytesOf(asked.feeds))
  const parsedMs = performance.now()
  const ticket = dispatcher.submit(asked.feeds, shorter(asked.timeoutMs, deadlineOf(call)) ?? served.timeoutMs)
  call.on('cancelled', ticket.cancel)
  const { results, timing } = await ticket.answer.finally(() => call.off('cancelled', ticket.cancel))
  const answeredMs = performance.now()
  const encoded = encodeGrpcInfer(model, asked, results)
  const endedMs = performance.now()
  metrics.succeeded(timing, endedMs - startedMs)
  const around = { parse: parsedMs - startedMs, serialize: endedMs - answeredMs }
  return { bytes: encoded, serverTiming: serverTiming(timing, around) }
}

/** What is left of `grpc-timeout`, ms; null: none was set. */
function deadlineOf(call: Call): number | null {
  const left = Number(call.getDeadline()) - Date.now()
  return Number.isFinite(left) ? Math.max(0, left) : null
}

/** The client waits no longer than its deadline, whatever its message says. null: none was set. */
const shorter = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.min(a, b))

const handlerOf =
  (served: Served, method: Unary, newMetadata: () => GrpcMetadata) =>
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
