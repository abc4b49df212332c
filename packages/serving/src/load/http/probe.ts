// The first request, alone, before anything is measured: it finds the address that answers, and says what is wrong in the user's words.
import dns from 'node:dns/promises'
import net from 'node:net'
import tls from 'node:tls'
import { InputError } from '@whyslow/graph/input-error.ts'
import { ResponseReader } from './response-reader.ts'
import type { HttpTarget } from './target.ts'

export interface HttpProbe {
  readonly status: number
  readonly latencyMs: number
  readonly body: Buffer
}

/** Addresses of a host, in the system's order. Throws InputError if there are none. */
export async function addressesOf(url: URL): Promise<readonly string[]> {
  const name = url.hostname.replace(/^\[|\]$/g, '')
  try {
    return (await dns.lookup(name, { all: true })).map(({ address }) => address)
  } catch (error) {
    throw new InputError(`${url.origin}: ${name} cannot be looked up (${codeOf(error)}); give the address of a server that runs`)
  }
}

/** Sends the target's first request and reads its answer. Throws InputError if no answer comes. */
export function probe(target: HttpTarget, shown: string, timeoutMs: number): Promise<HttpProbe> {
  const { address: host, port, secure, hostname } = target
  const name = net.isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? { servername: hostname } : {}
  const reader = new ResponseReader(target.method, true)
  const startedMs = performance.now()
  return new Promise((resolve, reject) => {
    const socket = secure ? tls.connect({ host, port, ...name }) : net.connect({ host, port })
    const fail = (why: string) => settle(() => reject(new InputError(`${shown}: ${why}`)))
    const done = () =>
      settle(() => resolve({ status: reader.head.status, latencyMs: performance.now() - startedMs, body: reader.body() }))
    const limit = setTimeout(
      () => fail(`no answer to a first request within ${timeoutMs / 1000} s; give --timeout if it needs longer`),
      timeoutMs,
    )
    function settle(end: () => void): void {
      clearTimeout(limit)
      socket.destroy()
      end()
    }
    socket.once(secure ? 'secureConnect' : 'connect', () => socket.write(target.requests[0]!))
    socket.on('data', (bytes) => {
      const state = reader.feed(bytes)
      if (state === 'done') done()
      if (state === 'malformed') fail('what answers there speaks no HTTP/1.1')
    })
    socket.on('end', () =>
      reader.began && reader.end() === 'done' ? done() : fail('the connection was closed before an answer'),
    )
    socket.on('error', (error) => fail(`${whyNot(codeOf(error))}; is the server running?`))
  })
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String((error as Error).message)

function whyNot(code: string): string {
  if (code === 'ECONNREFUSED') return 'nothing listens there'
  if (code === 'ECONNRESET') return 'the connection was reset before an answer'
  if (/CERT|SSL|TLS/.test(code)) return `its certificate or TLS is not accepted (${code})`
  return `no connection (${code})`
}
