// What the process of a server counts of itself, between two times that it is asked.
import { monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks'
import type { LoadServerFacts } from '@whyslow/report/documents/load.ts'
import type { ServedModel } from '../../serve/http-server.ts'

/** The event loop is looked at so often; what it says includes this. */
const RESOLUTION_MS = 10

export function countServer({
  metrics,
  workers,
  dispatcher,
}: Pick<ServedModel, 'metrics' | 'workers' | 'dispatcher'>): () => LoadServerFacts {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  let collection = { totalMs: 0, longestMs: 0 }
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries())
      collection = { totalMs: collection.totalMs + duration, longestMs: Math.max(collection.longestMs, duration) }
  })
  observer.observe({ entryTypes: ['gc'] })
  let last = { atMs: performance.now(), loop: performance.eventLoopUtilization(), ...metrics.counts(), restarts: 0, heldMs: 0 }
  return () => {
    const now = {
      atMs: performance.now(),
      loop: performance.eventLoopUtilization(),
      ...metrics.counts(),
      restarts: workers.restarts(),
      heldMs: dispatcher.heldMs,
    }
    const calls = now.calls - last.calls
    const requests = now.requests - last.requests
    const facts: LoadServerFacts = {
      meanTogether: calls > 0 ? requests / calls : 1,
      eventLoopShare: performance.eventLoopUtilization(now.loop, last.loop).utilization,
      eventLoopLongestMs: Math.max(0, delay.max / 1e6 - RESOLUTION_MS),
      collectionShare: collection.totalMs / Math.max(1, now.atMs - last.atMs),
      collectionLongestMs: collection.longestMs,
      workerRestarts: now.restarts - last.restarts,
      workerMsPerRequest: requests > 0 ? (now.heldMs - last.heldMs) / requests : null,
    }
    last = now
    collection = { totalMs: 0, longestMs: 0 }
    delay.reset()
    return facts
  }
}
