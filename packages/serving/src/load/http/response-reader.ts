// One HTTP/1.1 response after another, out of the bytes of a connection: https://www.rfc-editor.org/rfc/rfc9112. Node's own client takes
// tens of microseconds a request; of a response only its status, its end and what the server reports about its time are wanted here.

export interface ResponseHead {
  readonly status: number
  readonly keepAlive: boolean
  /** Values of `Server-Timing`; '' if there are none. */
  readonly serverTiming: string
}

const LONGEST_HEAD_BYTES = 64 * 1024
const EMPTY = Buffer.alloc(0)
const NO_HEAD: ResponseHead = { status: 0, keepAlive: false, serverTiming: '' }

type Framing =
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-closed' }
type Step = 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'until-closed'

/** 'more': where reading goes on; 'done' and 'malformed' end a response. */
type Next = number | 'more' | 'done' | 'malformed'

/** Reads the responses of one connection, one after the other. */
export class ResponseReader {
  head = NO_HEAD
  /** A part of a response has come. */
  began = false
  private readonly method: string
  /** Whether to keep the body of the next response; else only its end is looked for. */
  keepsBody: boolean
  /** Takes the parts of the body as they come. */
  onBody: ((bytes: Buffer) => void) | null = null
  private step: Step = 'head'
  private rest: Buffer = EMPTY
  private left = 0
  /** The last head, and what it says. */
  private text = ''
  private said: ReturnType<typeof readHead> = null
  private kept: Buffer[] = []

  /** `method`: a response to HEAD has no body. */
  constructor(method: string, keepsBody = false) {
    this.method = method
    this.keepsBody = keepsBody
  }

  /** Takes bytes as they come. 'done': the response is whole; 'malformed': the connection is of no use. */
  feed(bytes: Buffer): 'more' | 'done' | 'malformed' {
    this.began = true
    const chunk = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes])
    this.rest = EMPTY
    let at = 0
    while (at < chunk.length) {
      const next = this.advance(chunk, at)
      if (next === 'more') {
        this.rest = Buffer.from(chunk.subarray(at))
        return 'more'
      }
      if (typeof next === 'string') return next
      at = next
    }
    return 'more'
  }

  /** The other side has closed: 'done' where that is how this response ends. */
  end(): 'done' | 'broken' {
    return this.step === 'until-closed' ? 'done' : 'broken'
  }

  /** For the next response. */
  reset(): void {
    this.head = NO_HEAD
    this.step = 'head'
    this.rest = EMPTY
    this.began = false
    this.kept = []
  }

  /** The body, where it is kept. */
  body(): Buffer {
    return Buffer.concat(this.kept)
  }

  private advance(chunk: Buffer, at: number): Next {
    if (this.step === 'head') return this.readHead(chunk, at)
    if (this.step === 'until-closed') {
      this.keep(chunk.subarray(at))
      return chunk.length
    }
    if (this.step !== 'length') return this.readChunked(chunk, at)
    const end = this.readBody(chunk, at)
    if (end < 0) return chunk.length
    return end === chunk.length ? 'done' : 'malformed'
  }

  private readHead(chunk: Buffer, at: number): Next {
    const end = headEnd(chunk, at)
    if (end < 0) return chunk.length - at > LONGEST_HEAD_BYTES ? 'malformed' : 'more'
    const text = chunk.toString('latin1', at, end)
    // Servers repeat themselves.
    if (text !== this.text) this.said = readHead(text, this.method)
    this.text = text
    if (this.said === null) return 'malformed'
    if (this.said === 'interim') return end
    const { head, framing } = this.said
    this.head = head
    if (framing.kind === 'length' && framing.bytes === 0) return end === chunk.length ? 'done' : 'malformed'
    this.step = framing.kind === 'chunked' ? 'chunk-size' : framing.kind
    if (framing.kind === 'length') this.left = framing.bytes
    return end
  }

  private readChunked(chunk: Buffer, at: number): Next {
    if (this.step === 'chunk') {
      const end = this.readBody(chunk, at)
      if (end < 0) return chunk.length
      this.step = 'chunk-end'
      return end
    }
    const end = chunk.indexOf('\n', at, 'latin1')
    if (end < 0) return chunk.length - at > LONGEST_HEAD_BYTES ? 'malformed' : 'more'
    const line = chunk.toString('latin1', at, end).trimEnd()
    if (this.step === 'chunk-end') {
      if (line !== '') return 'malformed'
      this.step = 'chunk-size'
    } else if (this.step === 'trailers') {
      if (line === '') return end + 1 === chunk.length ? 'done' : 'malformed'
    } else {
      const size = /^([0-9a-f]{1,12})\s*(?:;.*)?$/i.exec(line)
      if (size === null) return 'malformed'
      this.left = Number.parseInt(size[1]!, 16)
      this.step = this.left === 0 ? 'trailers' : 'chunk'
    }
    return end + 1
  }

  /** Reads from `chunk`, from `at` on, as much as belongs to the body; gives where the body ends, or -1. */
  private readBody(chunk: Buffer, at: number): number {
    const taken = Math.min(this.left, chunk.length - at)
    if (taken > 0) this.keep(chunk.subarray(at, at + taken))
    this.left -= taken
    return this.left === 0 ? at + taken : -1
  }

  private keep(bytes: Buffer): void {
    this.onBody?.(bytes)
    if (this.keepsBody) this.kept.push(Buffer.from(bytes))
  }
}

/** null: malformed, or a change of protocol. 'interim': another one follows, as after 100 Continue. */
function readHead(text: string, method: string): { readonly head: ResponseHead; readonly framing: Framing } | 'interim' | null {
  const status = statusOf(text)
  if (status === null || status.code === 101) return null
  if (status.code >= 100 && status.code < 200) return 'interim'
  const fields = fieldsOf(text)
  const framing = framingOf(fields, status.code, method)
  return framing === null ? null : { head: headOf(fields, status, framing), framing }
}

/** The fields of a head that say something here. */
interface Fields {
  connection: string
  transferEncoding: string | null
  readonly contentLengths: string[]
  readonly serverTimings: string[]
}

/** Fields of the head, in one pass over the lines: a regular expression for each field takes longer than sending the request did. */
function fieldsOf(head: string): Fields {
  const fields: Fields = { connection: '', transferEncoding: null, contentLengths: [], serverTimings: [] }
  for (let from = head.indexOf('\n') + 1, end = 0; from < head.length; from = end + 1) {
    end = head.indexOf('\n', from)
    if (end < 0) end = head.length
    const colon = head.indexOf(':', from)
    if (colon < 0) break
    if (colon > end) continue
    const value = () => head.slice(colon + 1, end).trim()
    switch (head.slice(from, colon).toLowerCase()) {
      case 'connection':
        fields.connection ||= value().toLowerCase()
        break
      case 'transfer-encoding':
        fields.transferEncoding ??= value()
        break
      case 'content-length':
        fields.contentLengths.push(value())
        break
      case 'server-timing':
        fields.serverTimings.push(value())
    }
  }
  return fields
}

function headOf(fields: Fields, { minor, code }: { minor: number; code: number }, framing: Framing): ResponseHead {
  const stays = minor === 0 ? fields.connection.includes('keep-alive') : !fields.connection.includes('close')
  return {
    status: code,
    keepAlive: stays && framing.kind !== 'until-closed',
    serverTiming: fields.serverTimings.join(','),
  }
}

/** After the empty line that ends a head; -1: not there yet. */
function headEnd(chunk: Buffer, at: number): number {
  const end = chunk.indexOf('\r\n\r\n', at, 'latin1')
  if (end >= 0) return end + 4
  const bare = chunk.indexOf('\n\n', at, 'latin1')
  return bare >= 0 ? bare + 2 : -1
}

function statusOf(head: string): { readonly code: number; readonly minor: number } | null {
  const parts = /^HTTP\/1\.([01]) (\d{3})(?: |\r?\n|$)/.exec(head)
  return parts === null ? null : { minor: Number(parts[1]), code: Number(parts[2]) }
}

/** null: two lengths that differ, or one that is not a number. */
function framingOf({ transferEncoding, contentLengths }: Fields, status: number, method: string): Framing | null {
  if (method === 'HEAD' || status === 204 || status === 304) return { kind: 'length', bytes: 0 }
  if (transferEncoding !== null) return /\bchunked$/i.test(transferEncoding) ? { kind: 'chunked' } : { kind: 'until-closed' }
  const [first] = contentLengths
  if (first === undefined) return { kind: 'until-closed' }
  if (!/^\d{1,15}$/.test(first) || contentLengths.some((one) => one !== first)) return null
  return { kind: 'length', bytes: Number(first) }
}

/** 'queue;dur=1.5, compute;dur=3' as names with ms, at most `most`: https://www.w3.org/TR/server-timing/ */
export function parseServerTiming(value: string, most: number): readonly { readonly name: string; readonly ms: number }[] {
  if (value === '') return []
  return value
    .split(',')
    .flatMap((metric) => {
      const [name, ...parameters] = metric.split(';').map((part) => part.trim())
      const duration = parameters.map((part) => /^dur\s*=\s*"?(\d+(?:\.\d+)?(?:e-?\d+)?)"?$/i.exec(part)?.[1]).find(Boolean)
      return duration === undefined || !/^[\w!#$%&'*+.^`|~-]{1,64}$/.test(name!) ? [] : [{ name: name!, ms: Number(duration) }]
    })
    .slice(0, most)
}
