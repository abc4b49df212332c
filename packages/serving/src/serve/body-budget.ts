// Bytes of requests in memory: of bodies that are being read, of what waits or is predicted, and of answers until their clients have read
// them. This many are taken and no more, whichever way they come, or a few slow clients, or a slow worker, would take all memory. The last
// quarter is for small requests, and whoever is slow is given up when others need the room: large and slow clients do not shut out the rest.
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { RequestError } from './protocol.ts'

export interface BodyBudget {
  /** Starts holding memory for one request, from its first byte until its answer is read. */
  hold(): BodyShare
  readonly bytes: number
  readonly most: number
}

export interface BodyShare {
  /** This many in all. Throws RequestError (503) if there is no room; then it holds what it held. A request that is alone always has room. */
  set(bytes: number): void
  /** Says that from now on its client sends or reads: `giveUp` ends that if it takes long and others need the room. null: it is the server's turn. */
  waits(giveUp: (() => void) | null): void
  /** Releases what it holds; from now on it holds nothing, whatever is set. */
  free(): void
}

/** How many of the largest bodies are held together. */
const MOST_BODIES = 4
/** Share of it that requests and answers that are not small may hold. */
const LARGE_SHARE = 3 / 4
/** Share of it that a small body holds at most; and a size that is small however little the budget is. */
const SMALL_SHARE = 1 / 256
const SMALL_BYTES = 64 * 1024
/** How long a client is waited for, however slow, while others need the memory. */
const SLOW_MS = 5000

interface Waited {
  readonly sinceMs: number
  readonly giveUp: () => void
}

export function createBodyBudget(mostBodyBytes: number, nowMs: () => number = () => performance.now()): BodyBudget {
  const most = MOST_BODIES * mostBodyBytes
  const small = Math.max(SMALL_BYTES, SMALL_SHARE * most)
  let bytes = 0
  /** Clients that are waited for, in the order in which that began. */
  const waited = new Set<Waited>()
  const hasRoom = (own: number, to: number) =>
    to <= own || bytes === own || bytes + to - own <= (to > small ? LARGE_SHARE * most : most)
  const makeRoom = (own: number, to: number) => {
    for (const client of waited) {
      if (hasRoom(own, to) || nowMs() - client.sinceMs < SLOW_MS) return
      client.giveUp()
    }
  }
  return {
    hold() {
      let own = 0
      let isFree = false
      let client: Waited | null = null
      const waits = (giveUp: (() => void) | null) => {
        if (client !== null) waited.delete(client)
        client = null
        if (giveUp === null || isFree) return
        const given = () => {
          free()
          giveUp()
        }
        client = { sinceMs: nowMs(), giveUp: given }
        waited.add(client)
      }
      const free = () => {
        isFree = true
        bytes -= own
        own = 0
        waits(null)
      }
      return {
        set(to) {
          if (isFree) return
          if (!hasRoom(own, to)) makeRoom(own, to)
          if (isFree || !hasRoom(own, to))
            throw new RequestError(
              503,
              'requests that are read or wait, and answers that are not read, hold all the memory that they may; try again later',
            )
          bytes += to - own
          own = to
        },
        waits,
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

/** For a string, in addition to its characters: a pointer and a head. */
const STRING_BYTES = 24
