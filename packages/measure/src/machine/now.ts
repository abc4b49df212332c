// One clock for all threads: each thread of Node counts `performance.now()` from its own start.
import { performance } from 'node:perf_hooks'

const offsetMs = (() => {
  // The nearest of several readings: the thread may be interrupted between the two clocks.
  let best = Number.POSITIVE_INFINITY
  let offset = 0
  for (let tries = 0; tries < 20; tries++) {
    const before = performance.now()
    const shared = Number(process.hrtime.bigint()) / 1e6
    const after = performance.now()
    if (after - before >= best) continue
    best = after - before
    offset = shared - (before + after) / 2
  }
  return offset
})()

/** Milliseconds since some moment that all threads and processes of this machine share. */
export const nowMs = (): number => performance.now() + offsetMs
