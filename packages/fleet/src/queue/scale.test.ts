// 1,000 machines and 100,000 trials on paper: what reaches the queue and the store each second, from the times that agents and askers keep.
// What docs/fleet.md says of it is worked out here.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ANNOUNCE_MS, IDLE_MS, RENEW_MS } from './agent.ts'
import { DUE_LOOK_MS, RESULT_LIFE_SECONDS } from './bullmq-queue.ts'
import { MOST_WAITING, POLL_MS } from './dispatch.ts'

const MACHINES = 1000
const TRIALS = 100_000
/** Of a full measurement with its sweeps, and of a report. */
const TRIAL_MS = 60_000
const REPORT_BYTES = 200e3
/** Answers of one Redis to a client that waits for each, as redis-benchmark -P 1 -c 50 gives on one core: tens of thousands. */
const REDIS_PER_SECOND = 50e3

interface Load {
  readonly seconds: number
  /** Requests to the queue, the most in any second. */
  readonly busiest: number
  readonly perSecond: number
  /** Rows that reach the store in its busiest second. */
  readonly rows: number
  readonly heldBytes: number
}

/** Second by second: agents begin within the first minute, take a trial when the last has ended, renew and announce on the way. */
function simulated(machines: number, trials: number): Load {
  const requests: number[] = []
  const rows: number[] = []
  const add = (counts: number[], atMs: number, count: number) => {
    const second = Math.floor(atMs / 1000)
    counts[second] = (counts[second] ?? 0) + count
  }
  const free = Array.from({ length: machines }, (_, i) => (i * 60_000) / machines)
  let end = 0
  for (let trial = 0; trial < trials; trial++) {
    // The machine that is free first: all trials take as long, so that they come round in turn.
    const own = trial % machines
    const begin = free[own]!
    // Those that are due are looked for, too.
    add(requests, begin, 2)
    for (let at = RENEW_MS; at < TRIAL_MS; at += RENEW_MS) add(requests, begin + at, 1)
    // Handed in, and looked for by who asked: the state, and the job with its report.
    add(requests, begin + TRIAL_MS, 3)
    add(rows, begin + TRIAL_MS, 1)
    free[own] = begin + TRIAL_MS
    end = Math.max(end, free[own]!)
  }
  for (let at = 0; at < end; at += ANNOUNCE_MS)
    for (let one = 0; one < machines; one++) add(requests, at + (one * ANNOUNCE_MS) / machines, 1)
  // Of one kind: who asks looks at those in front of the queue, each with two requests, and a third where an agent holds it.
  for (let at = 0; at < end; at += POLL_MS) add(requests, at, 3 * Math.min(MOST_WAITING, trials))
  const seconds = end / 1000
  return {
    seconds,
    busiest: Math.max(...Array.from(requests, (one) => one ?? 0)),
    perSecond: requests.reduce((sum, one) => sum + (one ?? 0), 0) / seconds,
    rows: Math.max(...Array.from(rows, (one) => one ?? 0)),
    heldBytes: trials * REPORT_BYTES * Math.min(1, RESULT_LIFE_SECONDS / seconds),
  }
}

test('1,000 machines and 100,000 trials: requests are hundreds a second, and what breaks first is the memory of the queue', () => {
  const { seconds, busiest, perSecond, rows, heldBytes } = simulated(MACHINES, TRIALS)
  // 100 trials of a minute on each machine, begun within a minute.
  expect(seconds).toBeCloseTo(101 * 60, -2)
  // A second: 16.7 trials with 6 requests each, 67 announcements, and 384 looks; the most when all begin.
  expect(perSecond).toBeGreaterThan(300)
  expect(busiest).toBeLessThan(REDIS_PER_SECOND / 50)
  expect(rows).toBeLessThanOrEqual(17)
  expect(heldBytes).toBe(20e9)
  // Idle agents ask more often than busy ones.
  expect((MACHINES * 1000) / IDLE_MS + (MACHINES * 1000) / DUE_LOOK_MS).toBe(1500)

  const page = readFileSync(path.join(import.meta.dirname, '../../../../docs/fleet.md'), 'utf8').replace(/\s+/g, ' ')
  expect(page).toContain(`${Math.round(perSecond / 10) * 10} requests a second`)
  expect(page).toContain(`${heldBytes / 1e9} GB`)
})

test('a study that is waited for costs no more where it is larger', () => {
  const [small, large] = [simulated(10, 1000), simulated(10, 10_000)]
  expect(large.perSecond).toBeLessThan(small.perSecond * 1.05)
})
