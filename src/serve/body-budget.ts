// Bytes of requests in memory: of bodies that are being read, and of what waits or is predicted. So many are taken and no more, whichever
// way they come, or a few slow clients, or a slow worker, would take all memory.
import type { Feeds } from '../engines/types.ts'
import { RequestError } from './protocol.ts'

export interface BodyBudget {
  /** Of one request, from its first byte to its answer. */
  hold(): Held
  readonly bytes: number
  readonly most: number
}

export interface Held {
  /** So many in all. Throws RequestError (503) where there is no room; then it holds what it held. */
  set(bytes: number): void
  free(): void
}

/** Of the largest body so many are held together. */
const MOST_BODIES = 4

export function createBodyBudget(mostBodyBytes: number): BodyBudget {
  const most = MOST_BODIES * mostBodyBytes
  let bytes = 0
  return {
    hold() {
      let own = 0
      const change = (to: number) => {
        bytes += to - own
        own = to
      }
      return {
        set(to) {
          if (to > own && bytes + to - own > most)
            throw new RequestError(503, 'requests that are read or wait hold all the memory that they may; try again later')
          change(to)
        },
        free: () => change(0),
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
