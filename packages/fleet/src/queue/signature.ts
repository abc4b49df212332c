// What signs what is in a queue or a store, where others can write too: HMAC-SHA256 with the key that the fleet shares, over the same text for
// the same content. Clocks of machines differ: what is signed with its time is taken within a tolerance.
import { createHmac, timingSafeEqual } from 'node:crypto'

/** Most that the clocks of two machines of a fleet may differ. */
export const MOST_SKEW_MS = 10 * 60_000

export const signatureOf = (content: unknown, key: string): string =>
  createHmac('sha256', key).update(canonical(content)).digest('hex')

/** Takes the same time wherever the two differ. `signature`: as it is there, which may be anything. */
export function isSigned(content: unknown, signature: unknown, key: string): boolean {
  if (typeof signature !== 'string' || !/^[0-9a-f]{64}$/.test(signature)) return false
  return timingSafeEqual(Buffer.from(signature, 'hex'), Buffer.from(signatureOf(content, key), 'hex'))
}

/** The same text for the same content, whatever the order of its keys. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join(',')}}`
}

/** Why something issued at that time is not taken now; undefined: it is. `lifeMs`: how old it may be. */
export function faultOfTime(issuedAt: string, nowMs: number, lifeMs: number): string | undefined {
  const ageMs = nowMs - Date.parse(issuedAt)
  if (Number.isNaN(ageMs)) return 'it does not say when it was issued'
  const clocks = 'the clocks of the two machines may differ; set them by NTP'
  if (ageMs < -MOST_SKEW_MS) return `it was issued ${inWords(-ageMs)} in the future: ${clocks}`
  if (ageMs > lifeMs + MOST_SKEW_MS)
    return `it was issued ${inWords(ageMs)} ago, and is taken for ${inWords(lifeMs)}: it is old, or ${clocks}`
  return undefined
}

function inWords(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  if (minutes < 120) return minutes === 1 ? '1 minute' : `${minutes} minutes`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`
}
