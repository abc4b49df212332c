// The names under which a server may be asked. On loopback only this machine's own, so that no web page reaches it under a name of its own.
// Elsewhere an address is let in as well: a page needs a name to lead here, and Kubernetes' probes and scrapers ask by the address of the pod.
import { isIP } from 'node:net'
import { isLoopback } from '@whyslow/measure/machine/loopback.ts'

/**
 * Whether a Host header names this server, or is absent, as in HTTP/1.0 (checks of HAProxy); null: any does. `allowed`: names in addition to its
 * own; '*' is all.
 */
export function ownNames(listens: string, allowed: readonly string[]): ((host: string) => boolean) | null {
  if (allowed.includes('*') || (allowed.length === 0 && !isLoopback(listens))) return null
  const names = new Set([bracketed(listens), ...allowed.map(bracketed)])
  const isReached = !isLoopback(listens)
  return (host) => {
    const name = host.toLowerCase().replace(/:\d{1,5}$/, '')
    const address = name.replace(/^\[(.*)\]$/, '$1')
    return name === '' || names.has(name) || isLoopback(address) || (isReached && isIP(address) !== 0)
  }
}

/** As a Host header has it. */
const bracketed = (name: string): string => (name.includes(':') ? `[${name}]` : name).toLowerCase()
