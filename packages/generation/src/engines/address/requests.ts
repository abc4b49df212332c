// Requests to one address, one at a time over a connection that stays open: every one of them counted, and never more than the user allows.
import http from 'node:http'
import https from 'node:https'
import { InputError } from '@whyslow/graph/input-error.ts'

/** The longest wait for the first byte of an answer, and for each part after it. */
const SILENT_MS = 120_000
/** The longest wait for a whole answer: bytes that come now and then would keep one alive for ever. */
const WHOLE_MS = 300_000
/** Most bytes kept of an answer that is not streamed: a list of models, an error. */
const LONGEST_BODY = 4 * 1024 * 1024

/** A connection that was open ended before a byte of the answer: nobody worked on the request. */
const CLOSED = new Error('the connection was closed')

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  /** null: the body was streamed. */
  readonly body: string | null
}

export interface ServerRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
  /** Takes the body of a good answer as it comes; false ends the request. Absent: the body is kept. */
  readonly onBody?: (bytes: Buffer, headers: http.IncomingHttpHeaders) => boolean
}

interface Waits {
  readonly silentMs?: number
  readonly wholeMs?: number
}

/** What is sent to one server. */
export class Requests {
  sent = 0
  /** How many of those were sent again without a field that the server refuses. */
  again = 0
  private readonly url: URL
  private readonly most: number
  private readonly silentMs: number
  private readonly wholeMs: number
  private agent: http.Agent

  constructor(url: URL, most: number, { silentMs = SILENT_MS, wholeMs = WHOLE_MS }: Waits = {}) {
    this.url = url
    this.most = most
    this.silentMs = silentMs
    this.wholeMs = wholeMs
    this.agent = this.connections(true)
  }

  private connections(keepAlive: boolean): http.Agent {
    const options = { keepAlive, maxSockets: 1, noDelay: true }
    return this.url.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options)
  }

  /** The address without a password. */
  get shown(): string {
    return `${this.url.origin}${this.url.pathname}`
  }

  /** Throws InputError if no answer comes, or if it would be one request too many. */
  async send(asked: ServerRequest): Promise<Answer> {
    try {
      return await this.sendOnce(asked)
    } catch (error) {
      if (error !== CLOSED) throw error
      // llama-server says that connections stay open, and closes them after a stream: from now on each request has one of its own.
      this.agent.destroy()
      this.agent = this.connections(false)
      return this.sendOnce(asked)
    }
  }

  private sendOnce({ method, path, body, onBody }: ServerRequest): Promise<Answer> {
    if (this.sent >= this.most) {
      const again = this.again === 0 ? '' : ` (${this.again} of them again, without a field that the server refuses)`
      throw this.problem(`${this.most} requests were sent${again}, which is the most that may be; raise the limit to send more`)
    }
    this.sent++
    const data = body === undefined ? null : Buffer.from(JSON.stringify(body))
    const { protocol, hostname, port } = this.url
    const options = {
      method,
      path,
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port,
      agent: this.agent,
      headers: { accept: '*/*', 'user-agent': 'whyslow', ...this.credentials(), ...framing(data) },
    }
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(limit)
        clearTimeout(whole)
      }
      const fail = (why: string) => {
        settle()
        reject(this.problem(why))
        request.destroy()
      }
      const silence = () => fail(`nothing came for ${this.silentMs / 1000} s; see whether the server still works on the request`)
      let limit = setTimeout(silence, this.silentMs)
      const whole = setTimeout(
        () => fail(`the answer did not end within ${this.wholeMs / 1000} s; request fewer tokens, or see what the server sends`),
        this.wholeMs,
      )
      let began = false
      const request = (protocol === 'https:' ? https : http).request(options, (response) => {
        began = true
        const { statusCode: status = 0, headers } = response
        const parts: Buffer[] = []
        const streams = onBody !== undefined && status >= 200 && status < 300
        let size = 0
        response.on('data', (bytes: Buffer) => {
          clearTimeout(limit)
          limit = setTimeout(silence, this.silentMs)
          if (!streams) {
            size += bytes.length
            if (size <= LONGEST_BODY) parts.push(bytes)
          } else if (!onBody(bytes, headers)) {
            settle()
            resolve({ status, headers, body: null })
            request.destroy()
          }
        })
        response.on('end', () => {
          settle()
          resolve({ status, headers, body: streams ? null : Buffer.concat(parts).toString('utf8') })
        })
        response.on('error', () => fail('the connection ended within an answer'))
      })
      request.on('error', (error) => {
        const { code = error.message } = error as NodeJS.ErrnoException
        if (!request.reusedSocket || began) return fail(whyNot(code))
        settle()
        reject(CLOSED)
      })
      if (data !== null) request.write(data)
      request.end()
    })
  }

  close(): void {
    this.agent.destroy()
  }

  problem(why: string): InputError {
    return new InputError(`${this.shown}: ${why}`)
  }

  /** A password in the address, or a token that the user names for whyslow alone: none that other programs left in the environment is sent. */
  private credentials(): Record<string, string> {
    const { username, password } = this.url
    const token = process.env.WHYSLOW_API_KEY
    if (username !== '') {
      const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
      return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
    }
    return token ? { authorization: `Bearer ${token}` } : {}
  }
}

const framing = (data: Buffer | null): Record<string, string> =>
  data === null ? {} : { 'content-type': 'application/json', 'content-length': String(data.length) }

function whyNot(code: string): string {
  if (code === 'ECONNREFUSED') return 'nothing listens there; is the server running?'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'the host cannot be looked up; give the address of a server that runs'
  if (code === 'ECONNRESET') return 'the connection ended within an answer; see what the server reports'
  if (/CERT|SSL|TLS/.test(code)) return `its certificate or TLS is not accepted (${code})`
  return `no connection (${code}); is the server running?`
}
