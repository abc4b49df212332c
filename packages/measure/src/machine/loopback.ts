// Servers on loopback: which addresses only this machine reaches, and which requests a web page of somebody else makes. The Host header is
// the gate: a page of another name that leads here (DNS rebinding) is same-origin to itself, so that its Origin says nothing.
import type { IncomingMessage } from 'node:http'

export interface ForeignRequest {
  readonly status: 403
  readonly reason: string
}

/** Whether only this machine reaches a server that listens there. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)

/**
 * Why a request was not made for this server, or was made by a page of another site; null: it is let in. `isOwn`: of a Host header as it was
 * sent, '' if there is none, as in HTTP/1.0: browsers send one. What a browser says of the site counts before Origin, which behind a proxy
 * is the proxy's.
 */
export function foreignRequest(
  { rawHeaders, headers }: Pick<IncomingMessage, 'rawHeaders' | 'headers'>,
  isOwn: (host: string) => boolean,
): ForeignRequest | null {
  const hosts = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]!.toLowerCase() === 'host')
  const [host = ''] = hosts
  if (hosts.length > 1 || !isOwn(host)) return { status: 403, reason: 'not a name of this server' }
  const { origin, 'sec-fetch-site': site } = headers
  if (site !== undefined) return site === 'same-origin' || site === 'none' ? null : { status: 403, reason: 'from another site' }
  if (origin !== undefined && origin.replace(/^https?:\/\//, '') !== host) return { status: 403, reason: 'from another page' }
  return null
}
