// Which request of the server is which of the client's: both are on one clock, and the server's part is within the client's.
import type { ClientTimes } from './partition.ts'
import type { SeenRequest } from './records.ts'

/** The two clocks are read by different threads, ms. */
const TOLERANCE_MS = 0.2

/**
 * By place in `requests`. Those that end first are the client's that are answered first. Requests of others, with the same path, may take the
 * place of one: the sum over all is the same.
 */
export function matchClient<S extends ClientTimes>(
  requests: readonly SeenRequest[],
  client: readonly S[],
  path: string,
): Map<number, S> {
  const ended = requests
    .flatMap(({ start, end, path: own }, at) => (end === null || own !== path ? [] : [{ start, end, at }]))
    .sort((a, b) => a.end - b.end)
  const matched = new Map<number, S>()
  const free = new Set(ended.keys())
  let first = 0
  for (const one of [...client].sort((a, b) => a.done - b.done)) {
    while (first < ended.length && (!free.has(first) || ended[first]!.end < one.sent)) first++
    for (let k = first; k < ended.length && ended[k]!.end <= one.done + TOLERANCE_MS; k++) {
      const { start, at } = ended[k]!
      if (!free.has(k) || start < one.sent - TOLERANCE_MS) continue
      free.delete(k)
      matched.set(at, one)
      break
    }
  }
  return matched
}
