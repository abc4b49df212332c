// The server: workers that each hold a session, one queue, HTTP in front of both; live at once, ready once every worker has predicted, and
// gone only when what it accepted is answered.
import type http from 'node:http'
import type { AddressInfo } from 'node:net'
import { firstLineOf, InputError } from '@whyslow/graph/input-error.ts'
import type { Feeds, TensorValue } from '@whyslow/measure/engines/types.ts'
import { nowMs } from '@whyslow/measure/machine/now.ts'
import { arrayFor } from '@whyslow/measure/samples/dtype-arrays.ts'
import { NOT_JOINED, type SettledBatches } from './batches.ts'
import { createBodyBudget } from './body-budget.ts'
import { createCodecThread } from './codec-thread.ts'
import { createDispatcher, type Dispatcher, type Server } from './dispatcher.ts'
import type { GrpcServer } from './grpc/grpc-server.ts'
import { createHttpServer, type HttpServer, type ServedModel } from './http-server.ts'
import { ownNames } from './own-names.ts'
import type { ModelSpec } from './protocol.ts'
import { DRAIN_MS } from './server-defaults.ts'
import { createSheddingLog } from './shedding-log.ts'
import type { WorkerOpening, WorkerTask } from './worker-task.ts'
import { startWorkers, type Workers } from './workers.ts'

export interface ServerOptions {
  readonly task: WorkerTask
  /** What runs in each worker. */
  readonly threadFile: URL
  readonly workers: number
  /** What the model takes and gives, once the engine has opened it. Throws InputError if the protocol cannot say it. */
  readonly specOf: (opened: Extract<WorkerOpening, { ok: true }>) => ModelSpec
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
  /** Requests that may wait. */
  readonly queueLimit: number
  /** How requests are joined. Throws InputError if they cannot be as it was told. null: each is predicted by itself. */
  readonly settle: ((model: ModelSpec, servers: readonly Server[]) => Promise<SettledBatches>) | null
  /** gRPC in addition to HTTP; null: HTTP alone. `start` throws an Error if the port cannot be had. */
  readonly grpc: { readonly port: number; readonly start: (served: ServedModel, host: string) => Promise<GrpcServer> } | null
  readonly timeoutMs: number | null
  /** A prediction hangs when it takes longer than this, and than 100 times the p99. */
  readonly stuckAfterMs: number
  readonly mostBodyBytes: number
  /** Names under which it may be asked, as `--allow-host` gives them. */
  readonly allowedHosts: readonly string[]
  /** What runs the thread for long requests and answers; null: they are read and written on the main thread. */
  readonly codecThreadFile: URL | null
  readonly version: string
  readonly log: ServedModel['log']
}

export interface RunningServer {
  readonly address: string
  readonly port: number
  /** null: HTTP alone. */
  readonly grpcPort: number | null
  readonly model: ModelSpec
  readonly batches: SettledBatches
  readonly served: ServedModel
  /**
   * Not ready any more; takes no new connections; answers what it accepted, and ends, all within this long. Resolves with whether its workers
   * ended: a thread in native code does not, and keeps the process from its end, `process.exit` too.
   */
  close(limitMs?: number): Promise<boolean>
}

/** It listens from the start, and is ready last. Throws InputError if the model does not open or the port cannot be had. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { log, task, threadFile } = options
  const http = createHttpServer({ isOwn: ownNames(options.host, options.allowedHosts) })
  const port = await listen(http.server, options)
  const dispatcher = createDispatcher(options.queueLimit, nowMs)
  let workers: Workers | null = null
  try {
    const { workers: count, stuckAfterMs } = options
    workers = await startWorkers({ task, threadFile, count, dispatcher, stuckAfterMs, log })
    return await serveFrom(options, { http, port, dispatcher, workers })
  } catch (error) {
    http.server.close()
    http.server.closeAllConnections()
    await workers?.close()
    throw error
  }
}

interface Parts {
  readonly http: HttpServer
  readonly port: number
  readonly dispatcher: Dispatcher
  readonly workers: Workers
}

async function serveFrom(options: ServerOptions, { http, port, dispatcher, workers }: Parts): Promise<RunningServer> {
  const { settle, log } = options
  const model = options.specOf(workers.opened)
  await workers.warmUp(zerosFor(model))
  const batches = settle === null ? NOT_JOINED : await settle(model, workers.all())
  const onGivenUp = () => log({ level: 'warn', message: 'results cannot be taken apart: requests are no longer joined' })
  dispatcher.join({ ...batches, onGivenUp })
  // Loaded here, so that the library costs only those who serve.
  const { Registry } = await import('prom-client')
  const { createMetrics } = await import('./metrics.ts')
  const { watchProcess } = await import('./process-metrics.ts')
  const registry = new Registry()
  let isOpen = true
  const codec = options.codecThreadFile === null ? null : createCodecThread(options.codecThreadFile, model, log)
  const served: ServedModel = {
    model,
    version: options.version,
    dispatcher,
    metrics: createMetrics(model.name, registry),
    workers: { ready: workers.ready, restarts: workers.restarts },
    mostBodyBytes: options.mostBodyBytes,
    budget: createBodyBudget(options.mostBodyBytes),
    timeoutMs: options.timeoutMs,
    codec,
    isReady: () => isOpen && workers.ready() > 0,
    refused: createSheddingLog(log, nowMs),
    log,
  }
  const grpc = options.grpc === null ? null : await listenGrpc(served, options, options.grpc)
  http.serve(served)
  const watched = watchProcess(registry)
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  return {
    address: `http://${host}:${port}`,
    port,
    grpcPort: grpc?.port ?? null,
    model,
    batches,
    served,
    async close(limitMs = DRAIN_MS) {
      isOpen = false
      const hasEnded = await end({ http, grpc, dispatcher, workers, limitMs })
      codec?.close()
      watched.close()
      return hasEnded
    },
  }
}

/** What a first prediction is made with. */
function zerosFor(model: ModelSpec): Feeds {
  return Object.fromEntries(
    model.inputs.map(({ name, dtype, shape }): [string, TensorValue] => {
      const sizes = (shape ?? [1]).map((size) => (size === -1 ? 1 : size))
      const count = sizes.reduce((product, size) => product * size, 1)
      return [name, { dtype, shape: sizes, data: dtype === 'string' ? new Array(count).fill('') : arrayFor(dtype, count) }]
    }),
  )
}

function listen(server: http.Server, { host, port }: ServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'something listens there already' : (error.code ?? error.message)
      reject(new InputError(`--host ${host} --port ${port}: cannot listen on this port (${why}); choose another one`))
    })
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

/** Throws InputError if the port cannot be had. */
async function listenGrpc(
  served: ServedModel,
  { host }: ServerOptions,
  { port, start }: NonNullable<ServerOptions['grpc']>,
): Promise<GrpcServer> {
  try {
    return await start(served, host)
  } catch (error) {
    throw new InputError(`--grpc-port ${port}: cannot listen on this port (${firstLineOf(error)}); choose another port`)
  }
}

interface Ending {
  readonly http: HttpServer
  readonly grpc: GrpcServer | null
  readonly dispatcher: Dispatcher
  readonly workers: Workers
  readonly limitMs: number
}

/** Part of the time to end that is for threads: what is in JavaScript does so at once, what is in native code not at all. */
const THREADS_END_MS = 1000

async function end({ http, grpc, dispatcher, workers, limitMs }: Ending): Promise<boolean> {
  const threadsMs = Math.min(THREADS_END_MS, limitMs / 2)
  await Promise.race([Promise.all([http.close(() => dispatcher.drain()), grpc?.close()]), passed(limitMs - threadsMs)])
  http.server.closeAllConnections()
  grpc?.closeAtOnce()
  return await Promise.race([workers.close().then(() => true), passed(threadsMs).then(() => false)])
}

const passed = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref())
