// Bytes of requests in memory: of bodies that are being read, of what waits or is predicted, and of answers until their clients have read
// them. So many are taken and no more, whichever way they come, or a few slow clients, or a slow worker, would take all memory.
import type { Feeds } from '../engines/types.ts'
import { RequestError } from './protocol.ts'

export interface BodyBudget {
  /** Of one request, from its first byte until its answer is read. */
  hold(): Held
  readonly bytes: number
  readonly most: number
}

export interface Held {
  /** So many in all. Throws RequestError (503) where there is no room; then it holds what it held. A request that is alone always has room. */
  set(bytes: number): void
  /** From now on it is an answer that its client reads: who is slow at it is given up by `giveUp` where others need the room. */
  answers(bytes: number, giveUp: () => void): void
  /** From now on it holds nothing, whatever is set. */
  free(): void
}

/** Of the largest body so many are held together. */
const MOST_BODIES = 4
/** So long an answer is left to its client, however slow, while others need the room. */
const SLOW_MS = 5000

interface Unread {
  readonly sinceMs: number
  readonly giveUp: () => void
}

export function createBodyBudget(mostBodyBytes: number, nowMs: () => number = () => performance.now()): BodyBudget {
  const most = MOST_BODIES * mostBodyBytes
  let bytes = 0
  /** Oldest first. */
  const unread = new Set<Unread>()
  const hasRoom = (own: number, to: number) => to <= own || bytes + to - own <= most || bytes === own
  /** Makes room at the cost of the clients that have read their answers for longest. */
  const makeRoom = (own: number, to: number) => {
    for (const answer of unread) {
      if (hasRoom(own, to) || nowMs() - answer.sinceMs < SLOW_MS) return
      answer.giveUp()
    }
  }
  return {
    hold() {
      let own = 0
      let isFree = false
      let answer: Unread | null = null
      const set = (to: number) => {
        if (isFree) return
        if (!hasRoom(own, to)) makeRoom(own, to)
        if (!hasRoom(own, to))
          throw new RequestError(
            503,
            'requests that are read or wait, and answers that are not read, hold all the memory that they may; try again later',
          )
        bytes += to - own
        own = to
      }
      const free = () => {
        isFree = true
        bytes -= own
        own = 0
        if (answer !== null) unread.delete(answer)
      }
      return {
        set,
        answers(to, giveUp) {
          set(to)
          if (isFree) return
          answer = {
            sinceMs: nowMs(),
            giveUp() {
              free()
              giveUp()
            },
          }
          unread.add(answer)
        },
        free,
      }
    },
    get bytes() {
      return bytes
    },
    most,
  }
}

/** What the tensors of a request take. */
export function bytesOf(feeds: Feeds): number {
  let bytes = 0
  for (const { data } of Object.values(feeds)) {
    if (ArrayBuffer.isView(data)) bytes += data.byteLength
    else for (const text of data) bytes += STRING_BYTES + text.length
  }
  return bytes
}

/** Of a string beside its characters: a pointer and a head. */
const STRING_BYTES = 24
