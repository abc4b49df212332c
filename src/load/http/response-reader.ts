// One HTTP/1.1 response after another, out of the bytes of a connection: https://www.rfc-editor.org/rfc/rfc9112. Node's own client takes
// tens of microseconds a request; of a response only its status, its end and what the server tells of its time are wanted here.

export interface ResponseHead {
  readonly status: number
  readonly keepAlive: boolean
  /** Values of `Server-Timing`; '' where there are none. */
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
  /** Of the next response; else only its end is looked for. */
  keepsBody: boolean
  private step: Step = 'head'
  private rest: Buffer = EMPTY
  private left = 0
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
    const status = statusOf(text)
    if (status === null || status.code === 101) return 'malformed'
    // Interim responses, as 100 Continue.
    if (status.code >= 100 && status.code < 200) return end
    const framing = framingOf(text, status.code, this.method)
    if (framing === null) return 'malformed'
    this.head = headOf(text, status, framing)
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

  /** Of `chunk` from `at` on, as much as belongs to the body; gives where the body ends, or -1. */
  private readBody(chunk: Buffer, at: number): number {
    const taken = Math.min(this.left, chunk.length - at)
    if (taken > 0) this.keep(chunk.subarray(at, at + taken))
    this.left -= taken
    return this.left === 0 ? at + taken : -1
  }

  private keep(bytes: Buffer): void {
    if (this.keepsBody) this.kept.push(Buffer.from(bytes))
  }
}

function headOf(text: string, { minor, code }: { minor: number; code: number }, framing: Framing): ResponseHead {
  const connection = /\r?\nconnection:\s*([^\r\n]*)/i.exec(text)?.[1]?.toLowerCase() ?? ''
  const stays = minor === 0 ? connection.includes('keep-alive') : !connection.includes('close')
  return {
    status: code,
    keepAlive: stays && framing.kind !== 'until-closed',
    serverTiming: [...text.matchAll(/\r?\nserver-timing:\s*([^\r\n]*)/gi)].map(([, value]) => value!).join(','),
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

/** null: two lengths that differ, or one that is no number. */
function framingOf(head: string, status: number, method: string): Framing | null {
  if (method === 'HEAD' || status === 204 || status === 304) return { kind: 'length', bytes: 0 }
  const coding = /\r?\ntransfer-encoding:\s*([^\r\n]*)/i.exec(head)?.[1]
  if (coding !== undefined) return /\bchunked\s*$/i.test(coding) ? { kind: 'chunked' } : { kind: 'until-closed' }
  const lengths = [...head.matchAll(/\r?\ncontent-length:\s*([^\r\n]*)/gi)].map(([, value]) => value!.trim())
  if (lengths.length === 0) return { kind: 'until-closed' }
  const [first] = lengths
  if (!/^\d{1,15}$/.test(first!) || lengths.some((one) => one !== first)) return null
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
