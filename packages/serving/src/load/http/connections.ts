// HTTP/1.1 over as many connections as there are requests outstanding: one that has its answer takes the next request, the last used
// first, and where none is idle one is opened. A generator that waits for a connection would measure its own patience.
import net from 'node:net'
import { OUTCOME } from '../records.ts'
import type { Draws, Sender, SenderEvents } from '../sender.ts'
import { ResponseReader } from './response-reader.ts'
import type { HttpTarget } from './target.ts'

const RECEIVE_BYTES = 256 * 1024

interface Connection {
  readonly socket: net.Socket
  readonly reader: ResponseReader
  /** -1: idle. */
  request: number
  /** Answers so far. */
  answers: number
  isOpen: boolean
}

interface Pool {
  readonly target: HttpTarget
  readonly draws: Draws
  readonly events: SenderEvents
  readonly idle: Connection[]
  readonly busy: Map<number, Connection>
  readonly all: Set<Connection>
  /** Requests that went out twice, and do not a third time. */
  readonly repeated: Set<number>
  /** One for all connections: bytes are taken before the next read. */
  readonly receive: Buffer
}

export function httpSender(target: HttpTarget, draws: Draws, events: SenderEvents): Sender {
  const receive = Buffer.allocUnsafe(RECEIVE_BYTES)
  const pool: Pool = { target, draws, events, idle: [], busy: new Map(), all: new Set(), repeated: new Set(), receive }
  return {
    send(request) {
      const connection = pool.idle.pop()
      if (connection === undefined) return open(pool, request)
      connection.request = request
      pool.busy.set(request, connection)
      write(pool, connection)
    },
    abandon(request) {
      const connection = pool.busy.get(request)
      pool.repeated.delete(request)
      if (connection !== undefined) drop(pool, connection)
    },
    close() {
      for (const connection of [...pool.all]) drop(pool, connection)
    },
  }
}

function open(pool: Pool, request: number): void {
  const socket = connect(pool.target, pool.receive, (bytes) => onBytes(pool, connection, bytes))
  const reader = new ResponseReader(pool.target.method)
  const connection: Connection = { socket, reader, request, answers: 0, isOpen: false }
  pool.all.add(connection)
  pool.busy.set(request, connection)
  socket.setNoDelay(true)
  socket.once(pool.target.secure ? 'secureConnect' : 'connect', () => {
    connection.isOpen = true
    if (connection.request >= 0) write(pool, connection)
  })
  for (const ending of ['error', 'end', 'close']) socket.on(ending, () => onEnd(pool, connection))
}

function write({ events, target, draws }: Pool, { socket, reader, request }: Connection): void {
  events.opened(request)
  reader.keepsBody = draws.isKept(request)
  reader.onBody = target.streams === true ? (bytes) => events.body?.(request, bytes) : null
  socket.write(target.requests[draws.input(request)]!)
}

function onBytes(pool: Pool, connection: Connection, bytes: Buffer): void {
  if (connection.request < 0) {
    // Nothing was asked.
    drop(pool, connection)
    return
  }
  if (!connection.reader.began) pool.events.firstByte(connection.request)
  const state = connection.reader.feed(bytes)
  if (state === 'done') finish(pool, connection, connection.reader.head.status)
  else if (state === 'malformed') finish(pool, connection, OUTCOME.malformed)
}

function onEnd(pool: Pool, connection: Connection): void {
  const { request, reader, answers, isOpen } = connection
  if (request < 0) drop(pool, connection)
  else if (reader.began && reader.end() === 'done') finish(pool, connection, reader.head.status)
  // The server may close a connection that it takes for idle just when a request is under way on it.
  else if (answers > 0 && !reader.began && !pool.repeated.has(request)) {
    pool.repeated.add(request)
    drop(pool, connection)
    pool.events.repeated(request)
    open(pool, request)
  } else finish(pool, connection, isOpen ? OUTCOME.broken : OUTCOME.unreachable)
}

function finish(pool: Pool, connection: Connection, outcome: number): void {
  const { request, reader } = connection
  const { keepAlive, serverTiming } = reader.head
  const body = outcome > 0 && reader.keepsBody ? reader.body() : null
  if (outcome > 0 && keepAlive) {
    pool.busy.delete(request)
    connection.request = -1
    connection.answers++
    reader.reset()
    pool.idle.push(connection)
  } else drop(pool, connection)
  pool.repeated.delete(request)
  pool.events.done(request, outcome, outcome > 0 ? serverTiming : '', body)
}

function drop(pool: Pool, connection: Connection): void {
  if (!pool.all.delete(connection)) return
  const at = pool.idle.lastIndexOf(connection)
  if (at >= 0) pool.idle.splice(at, 1)
  if (connection.request >= 0) pool.busy.delete(connection.request)
  connection.request = -1
  connection.socket.destroy()
}

function connect(target: HttpTarget, receive: Buffer, onBytes: (bytes: Buffer) => void): net.Socket {
  const { address: host, port } = target
  if (target.secure) {
    const name = net.isIP(target.hostname.replace(/^\[|\]$/g, '')) === 0 ? { servername: target.hostname } : {}
    return process
      .getBuiltinModule('node:tls')
      .connect({ host, port, ...name })
      .on('data', onBytes)
  }
  const onread = {
    buffer: receive,
    callback(count: number, bytes: Uint8Array) {
      onBytes(Buffer.from(bytes.buffer, bytes.byteOffset, count))
      return true
    },
  }
  return net.connect({ host, port, onread })
}
