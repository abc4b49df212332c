// Streams that stop for a while, and whether another prompt was read meanwhile: a server that reads a prompt in one piece lets all its streams wait for that, and
// the first token of that prompt comes when they go on. A gap that is long by chance holds another's first token by chance, too: how often is worked out.
import { average, median } from '@whyslow/measure/statistics/index.ts'
import type { LoadStalls } from '@whyslow/report/documents/load-streams.ts'
import type { SentStream } from './stream-log.ts'

/** A gap between chunks this many times as long as the stream's median gap is a stall, if it is this much longer at least. */
const STALL = { times: 3, leastMs: 5 } as const
/** Fewer chunks have no usual gap. */
const LEAST_CHUNKS = 6

/** `all`: also of the warm-up, whose prompts let measured streams wait, too. null: no stream is long enough. */
export function stallsOf(measured: readonly SentStream[], all: readonly SentStream[]): LoadStalls | null {
  const long = measured.filter(({ times }) => times.chunksMs.length >= LEAST_CHUNKS)
  if (long.length === 0) return null
  const firsts = all.map(({ times }) => times.chunksMs[0]!).sort((a, b) => a - b)
  const [from, to] = [firsts[0]!, longestOf(long.map(({ times }) => times.chunksMs.at(-1)!))]
  const perMs = to > from ? firsts.length / (to - from) : 0
  let [streamingMs, stalledMs, prefillMs, prefills] = [0, 0, 0, 0]
  const [lengths, chances]: [number[], number[]] = [[], []]
  for (const { times } of long) {
    const { chunksMs } = times
    const gaps = chunksMs.slice(1).map((at, k) => at - chunksMs[k]!)
    const usual = median(gaps)
    streamingMs += chunksMs.at(-1)! - chunksMs[0]!
    for (const [k, gap] of gaps.entries()) {
      if (gap < Math.max(STALL.times * usual, usual + STALL.leastMs)) continue
      const lost = gap - usual
      lengths.push(lost)
      stalledMs += lost
      chances.push(1 - Math.exp(-perMs * gap))
      if (!hasBetween(firsts, chunksMs[k]!, chunksMs[k + 1]!)) continue
      prefills++
      prefillMs += lost
    }
  }
  const stalls = lengths.length
  return {
    stalls,
    perStream: stalls / long.length,
    meanMs: stalls === 0 ? null : average(Float64Array.from(lengths)),
    longestMs: stalls === 0 ? null : longestOf(lengths),
    share: streamingMs > 0 ? stalledMs / streamingMs : 0,
    prefillShare: stalls === 0 ? null : prefills / stalls,
    chanceShare: stalls === 0 ? null : average(Float64Array.from(chances)),
    prefillMsPerStream: prefillMs / long.length,
  }
}

/** The longest of at least one: there may be more of them than a call takes arguments. */
const longestOf = (times: readonly number[]): number => times.reduce((longest, one) => Math.max(longest, one))

/** Whether one of the ascending times is after `from`, up to `to`. */
function hasBetween(times: readonly number[], from: number, to: number): boolean {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! <= from) low = middle + 1
    else high = middle
  }
  return low < times.length && times[low]! <= to
}
