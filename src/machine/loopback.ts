// Servers on loopback: which addresses only this machine reaches, and which requests a web page of somebody else makes. The Host header is
// the gate: a page of another name that leads here (DNS rebinding) is same-origin to itself, so that its Origin says nothing.
import type { IncomingMessage } from 'node:http'

export interface ForeignRequest {
  readonly status: 403
  readonly reason: string
}

/** Whether only this machine reaches a server that listens there. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)

/** Why a request was not made for this server, or was made by a page of another site; null: it is let in. `isOwn`: of a Host header as it was sent. */
export function foreignRequest(
  { rawHeaders, headers }: Pick<IncomingMessage, 'rawHeaders' | 'headers'>,
  isOwn: (host: string) => boolean,
): ForeignRequest | null {
  const hosts = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]!.toLowerCase() === 'host')
  if (hosts.length !== 1 || !isOwn(hosts[0]!)) return { status: 403, reason: 'not a name of this server' }
  const { origin, 'sec-fetch-site': site } = headers
  if (origin !== undefined && origin !== `http://${hosts[0]}`) return { status: 403, reason: 'from another page' }
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return { status: 403, reason: 'from another site' }
  return null
}
