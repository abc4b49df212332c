// The page's server: on loopback, at a random port, and only for who knows the session's token, which stands in every path. What it
// serves: the page, its modules, onnxruntime-web's files, and what it is told to offer. The headers isolate the page from other
// origins, without which a browser gives it no shared memory, and with it no threads:
// https://developer.mozilla.org/en-US/docs/Web/API/Window/crossOriginIsolated
import { randomBytes, timingSafeEqual } from 'node:crypto'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'

/** The page's code, one file: the build puts what it imports into it. */
const pageFile = fileURLToPath(new URL('./page.js', compiledTwin(import.meta.url)))

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
}
const HTML = '<!doctype html><meta charset="utf-8"><title>whyslow</title><script type="module" src="page.js"></script>'
const HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
}

export interface PageServer {
  /** The page's address, token included. */
  readonly url: string
  /** Serves bytes or a file until it is withdrawn; the address. */
  offer(what: Uint8Array | { readonly file: string }): { readonly url: string; withdraw(): void }
  /** An address to which the page posts, and what it posts. */
  expect(): { readonly url: string; readonly body: Promise<Uint8Array> }
  close(): void
}

/** `ortFolder`: the package's dist/. */
export async function startServer(ortFolder: string): Promise<PageServer> {
  const token = randomBytes(16).toString('hex')
  const offers = new Map<string, Uint8Array | { readonly file: string }>()
  const posts = new Map<string, (body: Uint8Array) => void>()
  let names = 0
  let origin = ''

  const server = http.createServer((request, response) => {
    const [, given = '', ...rest] = (request.url ?? '').split('?')[0]!.split('/')
    const place = rest.join('/')
    // Another name for loopback would be a page of somebody else's, led here by its own name server.
    if (!isToken(given, token) || `http://${request.headers.host}` !== origin) return refuse(response)
    if (request.method === 'POST') return receive(request, response, posts, place)
    if (request.method !== 'GET') return refuse(response)
    if (place === '') return send(response, 'text/html; charset=utf-8', Buffer.from(HTML))
    const offered = offers.get(place)
    if (offered)
      return offered instanceof Uint8Array ? send(response, 'application/octet-stream', offered) : stream(response, offered.file)
    const file = fileAt(place, ortFolder)
    return file === null ? refuse(response) : stream(response, file)
  })
  server.listen(0, '127.0.0.1')
  await new Promise<void>((resolve, reject) => server.once('listening', resolve).once('error', reject))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const url = `${origin}/${token}/`

  return {
    url,
    offer(what) {
      const name = `offer/${names++}`
      offers.set(name, what)
      return { url: url + name, withdraw: () => offers.delete(name) }
    },
    expect() {
      const name = `result/${names++}`
      const body = new Promise<Uint8Array>((resolve) => posts.set(name, resolve))
      return { url: url + name, body }
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

const isToken = (given: string, token: string): boolean =>
  given.length === token.length && timingSafeEqual(Buffer.from(given), Buffer.from(token))

/** A file of ours or of the package, by name from a list or of one form, so that no path leads elsewhere. */
function fileAt(place: string, ortFolder: string): string | null {
  const [folder, ...rest] = place.split('/')
  const name = rest.join('/')
  if (place === 'page.js') return pageFile
  if (folder === 'ort' && /^ort[\w.-]*\.(mjs|wasm)$/.test(name)) return path.join(ortFolder, name)
  return null
}

function refuse(response: http.ServerResponse): void {
  response.writeHead(404, HEADERS).end()
}

function send(response: http.ServerResponse, type: string, body: Uint8Array): void {
  response.writeHead(200, { ...HEADERS, 'content-type': type, 'content-length': body.byteLength }).end(body)
}

function stream(response: http.ServerResponse, file: string): void {
  const type = TYPES[path.extname(file)] ?? 'application/octet-stream'
  const source = fs.createReadStream(file)
  source.once('open', () => {
    response.writeHead(200, { ...HEADERS, 'content-type': type })
    source.pipe(response)
  })
  source.once('error', () => (response.headersSent ? response.destroy() : refuse(response)))
}

function receive(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  posts: Map<string, (body: Uint8Array) => void>,
  place: string,
): void {
  const take = posts.get(place)
  if (!take) {
    refuse(response)
    return
  }
  posts.delete(place)
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    take(Buffer.concat(parts))
    response.writeHead(204, HEADERS).end()
  })
}
