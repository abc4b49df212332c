// The server's main thread stops to collect garbage, and the slowest answers feel it.
import { ms, rate, share, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule } from '../rule.ts'

/** Share of the latency of the slowest hundredth. */
const LEAST_SHARE = 0.25
/** Share of the run: a pause that comes once in a minute reaches no p99. */
const LEAST_TIME_SHARE = 0.005

export const garbageCollectionUnderLoad = defineRule({
  id: 'garbage-collection-under-load',
  area: 'software',
  title: 'Garbage collection pauses the server',
  needs: ['parted', 'setup'],
  check({ parted: { parts, server, offeredPerSecond } }) {
    if (server === null) return { notChecked: 'the server did not count its collections' }
    const { collectionLongestMs: longestMs, collectionShare } = server
    const { latencyMs } = parts.slowest
    if (longestMs < LEAST_SHARE * latencyMs || collectionShare < LEAST_TIME_SHARE) return 'clear'
    const said = tell`he main thread collects for ${share('collecting', collectionShare)} of the time, ${ms('longest-pause', longestMs)} at a
      stretch at most; the slowest hundredth takes ${ms('slowest-latency', latencyMs)}.`
    return {
      ...(offeredPerSecond === null ? tell`T${said}` : tell`At ${rate('offered', offeredPerSecond)} t${said}`),
      timeMs: longestMs,
      wouldSaveMs: null,
      savingUnknown: 'which answers a pause meets was not followed',
      basis: 'measured',
    }
  },
})
