// How an agent says that it listens: which machine, when, and signed where the fleet has a key. Without that, who can write to the queue could
// announce machines that do not exist, and a fleet would wait for them.
import { fieldsOf, jsonValue } from '@whyslow/graph/json.ts'
import type { ListeningAgent } from './queue.ts'
import { faultOfTime, isSigned, signatureOf } from './signature.ts'

/** An agent that has not announced itself for this long does not listen. */
export const ABSENT_AFTER_SECONDS = 60

type Self = Pick<ListeningAgent, 'machine' | 'agent'>

/** One line of JSON. `key`: null: not signed. */
export function announcementOf({ machine, agent }: Self, key: string | null, nowMs: number): string {
  const said = { machine, agent, issuedAt: new Date(nowMs).toISOString() }
  return JSON.stringify({ ...said, signature: key === null ? null : signatureOf(said, key) })
}

/** undefined: no announcement at all. Never throws. */
export function readAnnouncement(text: unknown, key: string | null, nowMs: number): ListeningAgent | undefined {
  const { machine, agent, issuedAt, signature } = fieldsOf(jsonValue(String(text)))
  if (typeof machine !== 'string' || typeof agent !== 'string') return undefined
  if (key === null) return { machine, agent, fault: null }
  const isOurs = typeof issuedAt === 'string' && isSigned({ machine, agent, issuedAt }, signature, key)
  const fault = isOurs ? faultOfTime(issuedAt, nowMs, ABSENT_AFTER_SECONDS * 1000) : "it is not signed with the fleet's key"
  return { machine, agent, fault: fault ?? null }
}
