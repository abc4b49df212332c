// The page on loopback: one file, what it shows, and a stream of what goes on. Whoever knows the token of the printed address gets a cookie for
// it; nothing can be changed from here, no file is read on anyone's word, and no other site may read or frame it.
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { cookieName, hasCookie, isSame, refusal } from './gate.ts'
import { isOfThisUser } from './peer-user.ts'

/** What the page is told while it is open; sent whole each time, so that one that comes back has missed nothing. */
export interface LiveState {
  /** Progress of what is measured; null if nothing is. */
  readonly measuring: { readonly stage: string; readonly done: number; readonly of: number } | null
  /** Why there will be no more, in a sentence. */
  readonly ended: string | null
}

export interface PageContent {
  /** What the page draws, as JSON: { documents, names }. */
  readonly json: string
}

export interface ViewServer {
  /** Address with the token in its fragment, which no browser sends. */
  readonly url: string
  /** The same with a code in place of the token, which only a program of this user may hand in, once and soon. A later one ends an earlier. */
  urlForBrowser(): string
  readonly port: number
  /** Pages that are connected now. */
  readonly pages: () => number
  /** Tells pages at once; to be called between timed blocks only. */
  tell(live: LiveState): void
  /** Gives pages other documents. */
  show(shown: PageContent): void
  close(): Promise<void>
}

const TOKEN_BYTES = 16
const HEADER_TIMEOUT_MS = 10_000
const HEARTBEAT_MS = 15_000
const MOST_PAGES = 16
/** A browser that is not running yet takes some seconds to start. */
const CODE_MS = 120_000

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; connect-src 'self'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
} as const

interface State {
  readonly page: string
  readonly token: string
  readonly session: string
  code: { readonly secret: string; readonly until: number } | null
  readonly streams: Set<ServerResponse>
  shown: PageContent
  live: LiveState
  /** Version of `shown`: pages ask again when it changes. */
  version: number
}

/** `port` 0: any that is free. Rejects if it cannot listen. */
export async function startView(page: string, shown: PageContent, { port = 0 }: { port?: number } = {}): Promise<ViewServer> {
  const secret = () => randomBytes(TOKEN_BYTES).toString('base64url')
  const live: LiveState = { measuring: null, ended: null }
  const state: State = { page, token: secret(), session: secret(), code: null, streams: new Set(), shown, live, version: 1 }
  const server = createServer({ headersTimeout: HEADER_TIMEOUT_MS, requestTimeout: HEADER_TIMEOUT_MS }, (request, response) =>
    answer(request, response, state),
  )
  // Never a name: it could lead elsewhere.
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const own = (server.address() as AddressInfo).port
  // While something is measured nothing is sent that it does not tell itself.
  const heartbeat = setInterval(() => {
    if (state.live.measuring === null) for (const stream of state.streams) stream.write(':\n\n')
  }, HEARTBEAT_MS)
  heartbeat.unref()
  return {
    url: `http://127.0.0.1:${own}/#token=${state.token}`,
    urlForBrowser() {
      state.code = { secret: secret(), until: performance.now() + CODE_MS }
      return `http://127.0.0.1:${own}/#token=${state.code.secret}`
    },
    port: own,
    pages: () => state.streams.size,
    tell(next) {
      state.live = next
      send(state)
    },
    show(next) {
      state.shown = next
      state.version++
      send(state)
    },
    close: () => close(server, state, heartbeat),
  }
}

function answer(request: IncomingMessage, response: ServerResponse, state: State): ServerResponse {
  const { port } = request.socket.address() as AddressInfo
  // No body is of use here.
  request.resume()
  const refused = refusal(request, port)
  if (refused !== null) return say(response, refused.status, refused.reason)
  const { url = '', method, headers } = request
  if (method === 'POST') {
    if (url !== '/session') return say(response, 404, 'not found')
    const given = single(headers['x-whyslow-token'])
    if (!isSame(given, state.token) && !usesCode(given, state, request.socket)) return say(response, 401, 'not the token')
    response.setHeader('Set-Cookie', `${cookieName(port)}=${state.session}; HttpOnly; SameSite=Strict; Path=/`)
    return say(response, 204, '')
  }
  if (url === '/') return say(response, 200, state.page, 'text/html; charset=utf-8')
  if (url !== '/documents' && url !== '/events') return say(response, 404, 'not found')
  if (!hasCookie(headers.cookie, port, state.session)) return say(response, 401, 'open the address that whyslow printed')
  if (url === '/documents') return say(response, 200, state.shown.json, 'application/json')
  return stream(response, state)
}

function usesCode(given: string | undefined, state: State, socket: Socket): boolean {
  const { code } = state
  if (code === null || performance.now() > code.until || !isSame(given, code.secret)) return false
  if (!isOfThisUser(socket)) return false
  state.code = null
  return true
}

const single = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? undefined : header)

function say(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): ServerResponse {
  // Node leaves the body out of what answers HEAD.
  return response.writeHead(status, { ...HEADERS, ...(status === 204 ? {} : { 'Content-Type': type }) }).end(text)
}

function stream(response: ServerResponse, state: State): ServerResponse {
  if (state.streams.size >= MOST_PAGES) return say(response, 503, 'too many pages')
  response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream' })
  response.write(message(state))
  state.streams.add(response)
  return response.on('close', () => state.streams.delete(response))
}

const message = ({ live, version }: State): string => `data: ${JSON.stringify({ ...live, version })}\n\n`

function send(state: State): void {
  for (const one of state.streams) one.write(message(state))
}

async function close(server: Server, { streams }: State, heartbeat: NodeJS.Timeout): Promise<void> {
  clearInterval(heartbeat)
  for (const one of streams) one.end()
  await new Promise((resolve) => {
    server.close(resolve)
    server.closeAllConnections()
  })
}
