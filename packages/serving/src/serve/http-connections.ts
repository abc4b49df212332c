// Connections of the server, from what Node leaves to whoever uses it: an answer that the client does not read, a body that is refused and
// still comes, what is no HTTP behind a request that waits for its answer, and the end of the server under load.
import type http from 'node:http'
import net from 'node:net'
import { SHUTTING_DOWN } from './dispatcher.ts'
import { RequestError } from './protocol.ts'
import { ANSWER_IDLE_MS, answerLimitMs, MOST_CONNECTIONS } from './server-defaults.ts'

export interface Exchange {
  readonly request: http.IncomingMessage
  readonly response: http.ServerResponse
  /** While its body is read. */
  refuse: ((error: RequestError) => void) | null
  /** While it is predicted: called once where the connection ends before the answer. */
  gone: (() => void) | null
  /** Called once when the client has the answer, or is gone. */
  over: (() => void) | null
  isOver: boolean
  /** When the client must have read the answer. */
  limit: NodeJS.Timeout | undefined
}

export interface BodyAnswer {
  readonly status: number
  readonly headers: http.OutgoingHttpHeaders
  readonly body: Buffer
}

export interface Connections {
  /** A request that came; it is forgotten when its answer is with the client, or the client is gone. */
  open(request: http.IncomingMessage, response: http.ServerResponse): Exchange
  /** Gives the answer, and keeps the connection if it can be kept. */
  answer(exchange: Exchange, answer: BodyAnswer): void
  /**
   * No new connections; those that there are get their answers, and are closed with them. `drain`: takes no more requests, and resolves when
   * those that were accepted have their answers.
   */
  close(drain: () => Promise<void>, times?: EndingTimes): Promise<void>
}

/** What clients are given while the server ends. */
export interface EndingTimes {
  /** As `ANSWER_IDLE_MS`. */
  readonly idleMs: number
  /** How long connections without a request are kept: what was just sent on them is answered. */
  readonly graceMs: number
}

const ENDING: EndingTimes = { idleMs: 2000, graceMs: 1000 }
/**
 * How much more of a refused body is read, and for how long: a client that writes all before it reads would else see a reset and no
 * status. https://www.rfc-editor.org/rfc/rfc9112#section-9.6
 */
const LINGER_BYTES = 256 * 1024 * 1024
const LINGER_MS = 5000
/** A body that is refused is read to its end if it has no more: its connection costs more than what is left of it. */
const KEPT_BYTES = 1024 * 1024

/** What is no request, by the error of Node's parser; else 400. */
const PARSER_STATUS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

export function watchConnections(server: http.Server): Connections {
  const bySocket = new Map<net.Socket, Set<Exchange>>()
  /** Requests that came and have no answer yet. */
  let open = 0
  /** Sockets on which something came that is no HTTP. */
  const broken = new WeakSet<net.Socket>()
  /** Null: the server does not end yet. */
  let ending: EndingTimes | null = null
  let settled = () => {}
  server.maxConnections = MOST_CONNECTIONS
  server.on('clientError', (error: NodeJS.ErrnoException, socket: net.Socket) => {
    const waits = [...(bySocket.get(socket) ?? [])].some(({ request }) => request.complete)
    // It would be read as the answer to what came before.
    if (waits) broken.add(socket)
    else refuseBroken(error, socket)
  })
  const idleMs = () => ending?.idleMs ?? ANSWER_IDLE_MS
  const closed = (count: number) => {
    open -= count
    if (open === 0) settled()
  }
  const exchangesOf = (socket: net.Socket) => {
    const known = bySocket.get(socket)
    if (known !== undefined) return known
    const own = new Set<Exchange>()
    bySocket.set(socket, own)
    // Answers behind another one on it hear nothing of its end.
    socket.once('close', () => {
      bySocket.delete(socket)
      for (const exchange of own) {
        exchange.gone?.()
        end(exchange)
      }
      closed(own.size)
      own.clear()
    })
    return own
  }
  /** Answers leave in the order of their requests, whichever is ready first: the connection ends with that of the newest. */
  const isNewest = (exchange: Exchange) => [...(bySocket.get(exchange.request.socket) ?? [])].at(-1) === exchange
  return {
    open(request, response) {
      const { socket } = request
      const exchange: Exchange = { request, response, refuse: null, gone: null, over: null, isOver: false, limit: undefined }
      const own = exchangesOf(socket).add(exchange)
      open++
      // Behind another's answer: the time for that one is no time for this one.
      if (response.socket === null) response.once('socket', () => socket.setTimeout(response.writableEnded ? idleMs() : 0))
      response.once('close', () => {
        if (!own.delete(exchange)) return
        if (!response.writableFinished) exchange.gone?.()
        end(exchange)
        closed(1)
      })
      return exchange
    },
    answer(exchange, { status, headers, body }) {
      const { request, response } = exchange
      if (response.destroyed || response.headersSent) return
      const { socket } = request
      const isNewestAtEnd = (ending !== null || broken.has(socket)) && isNewest(exchange)
      const isUnread = !request.complete && (isNewestAtEnd || !isShort(request))
      const isLast = isUnread || isNewestAtEnd
      response.writeHead(status, { ...headers, 'Content-Length': body.length, ...(isLast ? { Connection: 'close' } : {}) })
      if (isUnread) {
        response.write(body)
        linger(request, ending?.idleMs ?? LINGER_MS, () => response.end())
      } else {
        request.resume()
        response.end(body)
      }
      if (response.writableFinished) return
      if (response.socket !== null) socket.setTimeout(idleMs())
      limitReading(exchange, answerLimitMs(body.length))
    },
    async close(drain, times = ENDING) {
      ending = times
      // Node's own would end those without a request at once, and with them what was just sent.
      const unused = new Promise<void>((resolve) => net.Server.prototype.close.call(server, () => resolve()))
      await Promise.race([unused, passed(times.graceMs)])
      server.closeIdleConnections()
      const drained = drain()
      for (const { response, refuse } of [...bySocket.values()].flatMap((own) => [...own])) {
        refuse?.(new RequestError(503, SHUTTING_DOWN))
        if (response.writableEnded) response.socket?.setTimeout(times.idleMs)
      }
      await drained
      await new Promise<void>((resolve) => {
        settled = resolve
        if (open === 0) resolve()
      })
      server.closeAllConnections()
    },
  }
}

function end(exchange: Exchange): void {
  exchange.isOver = true
  clearTimeout(exchange.limit)
  exchange.over?.()
}

function refuseBroken({ code }: NodeJS.ErrnoException, socket: net.Socket): void {
  if (!socket.writable) socket.destroy()
  else socket.end(`HTTP/1.1 ${PARSER_STATUS[code ?? ''] ?? '400 Bad Request'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** The client has this long to read the answer, from when those before it on the connection are read. */
function limitReading(exchange: Exchange, ms: number): void {
  const { request, response } = exchange
  const start = () => {
    exchange.limit = setTimeout(() => request.socket.destroy(), ms)
  }
  if (response.socket !== null) start()
  else response.once('socket', start)
}

/** What comes of it is a body for sure, and soon over. */
function isShort({ headers }: http.IncomingMessage): boolean {
  const told = headers['content-length']
  return headers.expect === undefined && told !== undefined && Number(told) <= KEPT_BYTES
}

const passed = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref())

/** Reads what still comes, and no more of it than may be. */
function linger(request: http.IncomingMessage, mostMs: number, done: () => void): void {
  let bytes = 0
  let isDone = false
  const end = () => {
    if (isDone) return
    isDone = true
    clearTimeout(limit)
    done()
  }
  const limit = setTimeout(end, mostMs)
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > LINGER_BYTES) end()
  })
  request.once('end', end)
  request.once('close', end)
  request.once('error', end)
  request.resume()
}
