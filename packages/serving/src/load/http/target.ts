// What is asked: an address, and the bytes of a request as they are written to the connection, once for all.
import { jsonValue } from '@whyslow/graph/json.ts'

export interface HttpTarget {
  readonly kind: 'http'
  readonly secure: boolean
  /** As the URL says it: for TLS' server name and the Host header. */
  readonly hostname: string
  /** Where connections go, one address of the host. */
  readonly address: string
  readonly port: number
  readonly method: string
  /** Whole requests, head and body; each request draws one of them. */
  readonly requests: readonly Uint8Array[]
  /** Answers are streams of text, which are read as they come; absent: they are not. */
  readonly streams?: boolean
}

export interface RequestParts {
  readonly url: URL
  readonly method: string
  /** Names as given. */
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Uint8Array | null
}

/** The request's bytes. `Host`, `Content-Length` and what no other header says are added. */
export function encodeRequest({ url, method, headers, body }: RequestParts): Uint8Array {
  const given = new Set(headers.map(([name]) => name.toLowerCase()))
  const added: [string, string][] = [
    ['Host', url.host],
    ['User-Agent', 'whyslow'],
    ['Accept', '*/*'],
    ...(url.username === '' ? [] : ([['Authorization', `Basic ${basic(url)}`]] as [string, string][])),
    ...(body === null ? [] : ([['Content-Type', guessedType(body)]] as [string, string][])),
  ]
  const kept = [...added.filter(([name]) => !given.has(name.toLowerCase())), ...headers.filter(([name]) => !isFraming(name))]
  const length = body === null ? [] : [['Content-Length', String(body.length)] as const]
  const lines = [...kept, ...length].map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const head = Buffer.from(`${method} ${url.pathname}${url.search} HTTP/1.1\r\n${lines}\r\n`, 'latin1')
  return body === null ? head : Buffer.concat([head, body])
}

/** The length is the body's; a body in chunks is never sent. */
const isFraming = (name: string): boolean => /^(content-length|transfer-encoding)$/i.test(name)

const basic = (url: URL): string =>
  Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString('base64')

function guessedType(body: Uint8Array): string {
  const text = Buffer.from(body).toString('utf8')
  if (jsonValue(text) !== undefined) return 'application/json'
  return text.includes('\ufffd') ? 'application/octet-stream' : 'text/plain; charset=utf-8'
}
