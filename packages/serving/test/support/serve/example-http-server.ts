// A server over HTTP with a worker whose answers are given by hand, and clients that write what they like.
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { expect, vi } from 'vitest'
import { createBodyBudget } from '../../../src/serve/body-budget.ts'
import { createDispatcher, type DispatchResult } from '../../../src/serve/dispatcher.ts'
import { createHttpServer, type HttpOptions, type HttpServer, type ServedModel } from '../../../src/serve/http-server.ts'
import { encodeInferRequest } from '../../../src/serve/infer-request.ts'
import { createMetrics } from '../../../src/serve/metrics.ts'

const servers: HttpServer[] = []

/** After each test, in the file that starts them. */
export function endServers(): void {
  vi.useRealTimers()
  vi.restoreAllMocks()
  for (const { server } of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
}

export async function setUp({
  columns = -1,
  mostBodyBytes = 4000,
  queue = 50,
  timeoutMs = null as number | null,
  isOwn = null as HttpOptions['isOwn'],
} = {}) {
  const asked: { readonly feeds: Feeds; readonly answer: (rows?: number) => void }[] = []
  const dispatcher = createDispatcher(queue, () => performance.now())
  dispatcher.add({
    predict: ([feeds]) =>
      new Promise<DispatchResult>((resolve) => {
        const answer = (rows = 1) => {
          const y = {
            dtype: 'float32',
            shape: [rows],
            data: new Float32Array(rows).fill((feeds!.x!.data as Float32Array)[0]! + 1),
          } as const
          resolve({ results: [{ y }], startedMs: 0, endedMs: 0 })
        }
        asked.push({ feeds: feeds!, answer })
      }),
  })
  const logged: Readonly<Record<string, unknown>>[] = []
  const served: ServedModel = {
    model: {
      name: 'm',
      version: null,
      platform: 'p',
      inputs: [{ name: 'x', datatype: 'FP32', dtype: 'float32', shape: [1, columns] }],
      outputs: [{ name: 'y', datatype: 'FP32', dtype: 'float32', shape: [-1] }],
    },
    version: '0',
    dispatcher,
    metrics: createMetrics('m'),
    workers: { ready: () => 1, restarts: () => 0 },
    mostBodyBytes,
    budget: createBodyBudget(mostBodyBytes),
    timeoutMs,
    codec: null,
    isReady: () => true,
    refused: () => {},
    log: (entry) => logged.push(entry),
  }
  const started = createHttpServer({ isOwn })
  started.serve(served)
  servers.push(started)
  await new Promise<void>((resolve) => started.server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = started.server.address() as AddressInfo
  return { asked, dispatcher, served, started, port, logged }
}

/** Waits until it is so. */
export const turns = (until: () => boolean): Promise<void> => expect.poll(until, { interval: 4 }).toBe(true)

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
}

/** status 0: none, and why. */
export function ask(
  port: number,
  how: http.RequestOptions & { readonly body?: Buffer | string } = {},
): Promise<Answer | { status: 0; code: string }> {
  const { body, ...options } = { method: how.body === undefined ? 'GET' : 'POST', ...how }
  return new Promise((resolve) => {
    const request = http.request(
      { port, host: '127.0.0.1', path: '/v2/models/m/infer', agent: false, ...options },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }),
        )
      },
    )
    request.on('error', (error: NodeJS.ErrnoException) => resolve({ status: 0, code: String(error.code) }))
    request.end(body)
  })
}

export const requestOf = (first: number, columns = 2) =>
  encodeInferRequest({ x: { dtype: 'float32', shape: [1, columns], data: new Float32Array(columns).fill(first) } }, true)
export const predict = (port: number, first: number, columns = 2) => {
  const { body, headers } = requestOf(first, columns)
  return ask(port, { body, headers: Object.fromEntries(headers) })
}
/** The bytes of a request to predict. */
export const posted = (body: Buffer | string, ...more: string[]) =>
  Buffer.concat([
    Buffer.from(
      ['POST /v2/models/m/infer HTTP/1.1', 'Host: h', `Content-Length: ${Buffer.byteLength(body)}`, ...more, '', ''].join('\r\n'),
    ),
    Buffer.from(body),
  ])
export const JSON_BODY = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] })
/** What comes back for it until the server ends the connection. */
export function connect(port: number, ...parts: (Buffer | string)[]) {
  const socket = net.connect(port, '127.0.0.1')
  const state = { socket, text: '', ended: false, error: '' }
  socket.on('data', (chunk) => {
    state.text += chunk.toString('latin1')
  })
  socket.on('close', () => {
    state.ended = true
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    state.error = String(error.code)
  })
  for (const part of parts) socket.write(part)
  return state
}

/** What metrics are told of a server at rest. */
export const NOTHING = { waiting: 0, queueLimit: 0, running: 0, ready: 0, restarts: 0, bodyBytes: 0, mostBodyBytes: 0 }
