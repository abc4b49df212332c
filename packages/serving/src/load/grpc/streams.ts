// gRPC over as few connections as its streams fit into: a request is a stream of its own at once, and where a server takes no more on a
// connection another one is opened. A request that waits for a stream would wait for the server's patience, unseen.
import type http2 from 'node:http2'
import { OUTCOME } from '../records.ts'
import type { Draws, Sender, SenderEvents } from '../sender.ts'
import { call, connect, frame, statusOf } from './http2.ts'
import type { GrpcTarget } from './target.ts'

/** Servers allow 100 and more; what one allows is known once it has said so. */
const MOST_STREAMS = 100

interface Connection {
  readonly session: http2.ClientHttp2Session
  streams: number
  isOpen: boolean
  isGone: boolean
}

interface Call {
  readonly connection: Connection
  readonly stream: http2.ClientHttp2Stream
  status: number | null
  told: string
  /** null: the answer is not kept. */
  readonly chunks: Buffer[] | null
  began: boolean
}

interface Pool {
  readonly target: GrpcTarget
  readonly frames: readonly Buffer[]
  readonly draws: Draws
  readonly events: SenderEvents
  readonly connections: Set<Connection>
  readonly calls: Map<number, Call>
}

export function grpcSender(target: GrpcTarget, draws: Draws, events: SenderEvents): Sender {
  const frames = target.requests.map(frame)
  const pool: Pool = { target, frames, draws, events, connections: new Set(), calls: new Map() }
  return {
    send(request) {
      start(pool, request)
    },
    abandon(request) {
      const one = pool.calls.get(request)
      pool.calls.delete(request)
      one?.stream.close()
    },
    close() {
      pool.calls.clear()
      for (const { session } of pool.connections) session.destroy()
    },
  }
}

function start(pool: Pool, request: number): void {
  const connection = connectionFor(pool)
  const stream = call(connection.session, pool.target, pool.frames[pool.draws.input(request)]!)
  const chunks = pool.draws.isKept(request) ? [] : null
  const one: Call = { connection, stream, status: null, told: '', chunks, began: false }
  connection.streams++
  pool.calls.set(request, one)
  if (connection.session.connecting)
    connection.session.once('connect', () => pool.calls.has(request) && pool.events.opened(request))
  else pool.events.opened(request)
  const take = (headers: http2.IncomingHttpHeaders) => {
    one.status ??= statusOf(headers)
    const told = headers['server-timing']
    if (typeof told === 'string') one.told = told
  }
  stream.on('response', (headers) => {
    one.began = true
    if (pool.calls.has(request)) pool.events.firstByte(request)
    take(headers)
  })
  stream.on('trailers', take)
  stream.on('data', (chunk: Buffer) => one.chunks?.push(chunk))
  stream.on('error', () => {})
  stream.on('close', () => {
    connection.streams--
    const body = one.chunks === null ? null : Buffer.concat(one.chunks)
    if (pool.calls.delete(request)) pool.events.done(request, outcomeOf(one), one.told, body)
  })
}

function outcomeOf({ status, began, connection }: Call): number {
  if (status !== null) return status
  if (began) return OUTCOME.malformed
  return connection.isOpen ? OUTCOME.broken : OUTCOME.unreachable
}

function connectionFor(pool: Pool): Connection {
  for (const connection of pool.connections) {
    const most = Math.min(MOST_STREAMS, connection.session.remoteSettings?.maxConcurrentStreams ?? MOST_STREAMS)
    if (!connection.isGone && connection.streams < most) return connection
  }
  const session = connect(pool.target)
  // One for each request that is sent while it opens.
  session.setMaxListeners(0)
  const connection: Connection = { session, streams: 0, isOpen: false, isGone: false }
  session.once('connect', () => {
    connection.isOpen = true
  })
  const end = () => {
    connection.isGone = true
    pool.connections.delete(connection)
  }
  for (const ending of ['error', 'goaway', 'close']) session.on(ending, end)
  pool.connections.add(connection)
  return connection
}
