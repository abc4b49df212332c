// Who is let in: requests that were made for this very server, by a page of it, with the token that it gave out.
import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { foreignRequest } from '@whyslow/measure/machine/loopback.ts'

/** The names of this server, as a browser sends them; compared as they stand, never parsed. */
export const hostsOf = (port: number): readonly string[] => [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]

type Asked = Pick<IncomingMessage, 'method' | 'rawHeaders' | 'headers'>

/** Why a request is refused, or null. */
export function refusal(asked: Asked, port: number): { status: number; reason: string } | null {
  const { method } = asked
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') return { status: 405, reason: 'only GET, HEAD and POST' }
  return foreignRequest(asked, (host) => hostsOf(port).includes(host))
}

/** Compares in a time that does not reveal where they differ. */
export function isSame(given: string | undefined, secret: string): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(secret)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Cookies are shared by all ports of a host: the name holds the port. */
export const cookieName = (port: number): string => `whyslow-${port}`

export function hasCookie(header: string | undefined, port: number, secret: string): boolean {
  const start = `${cookieName(port)}=`
  const own = (header ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(start))
  return own.some((part) => isSame(part.slice(start.length), secret))
}
