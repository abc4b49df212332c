// Whose program a connection on loopback comes from: Linux lists each socket with its owner in /proc/net/tcp (proc(5)).
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'

/** Whether this user's program is at the other end. Where the system keeps no such list, true. */
export function isOfThisUser(
  { remotePort, localPort }: Pick<Socket, 'remotePort' | 'localPort'>,
  platform = process.platform,
): boolean {
  if (platform !== 'linux') return true
  try {
    return ownerIn(readFileSync('/proc/net/tcp', 'utf8'), remotePort!, localPort!) === process.getuid!()
  } catch {
    return false
  }
}

/** The user id of the socket on 127.0.0.1 from port `from` to port `to`; null: none is listed. */
export function ownerIn(table: string, from: number, to: number): number | null {
  const [local, remote] = [from, to].map((port) => `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`)
  const row = table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find((fields) => fields[1] === local && fields[2] === remote)
  return row === undefined ? null : Number(row[7])
}
