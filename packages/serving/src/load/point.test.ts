import { describe, expect, test } from 'vitest'
import { type ExampleQueue, exampleRun } from '../../test/support/load/example-queue.ts'
import { asOwnServer } from './parts.ts'
import { pointOf } from './point.ts'
import { OUTCOME } from './records.ts'

/** Mean over seeds, as long runs would be. */
const meanOver = (queue: ExampleQueue, of: 'meanMs' | 'p99Ms') =>
  [1, 2, 3, 4].map((seed) => pointOf(exampleRun({ ...queue, seed, measuredMs: 60_000 }))[of]!).reduce((a, b) => a + b, 0) / 4

describe('queues whose latencies are known', () => {
  // M/M/1: the whole time is exponential with mean S/(1-ρ); its p99 is ln 100 of that.
  test.each([0.3, 0.6])('exponential service at %d of its capacity', (utilisation) => {
    const mean = 10 / (1 - utilisation)
    expect(meanOver({ utilisation }, 'meanMs') / mean).toBeCloseTo(1, 1)
    expect(meanOver({ utilisation }, 'p99Ms') / (mean * Math.log(100))).toBeCloseTo(1, 0)
  })

  // M/D/1: S + ρS / (2(1-ρ)).
  test.each([0.3, 0.6, 0.85])('fixed service at %d', (utilisation) => {
    const mean = 10 + (utilisation * 10) / (2 * (1 - utilisation))
    expect(Math.abs(meanOver({ utilisation, fixed: true }, 'meanMs') / mean - 1)).toBeLessThan(0.08)
  })

  test("Little's law: outstanding are rate times latency", () => {
    const { outstanding, meanMs, achievedPerSecond } = pointOf(exampleRun({ utilisation: 0.6, workers: 3, measuredMs: 60_000 }))
    expect(outstanding.mean / ((achievedPerSecond * meanMs!) / 1000)).toBeCloseTo(1, 1)
    expect(outstanding.series.reduce((a, b) => a + b, 0) / outstanding.series.length).toBeCloseTo(outstanding.mean, 6)
  })
})

describe('whether a server keeps up', () => {
  test.each([0.3, 0.6, 0.85])('at %d of its capacity it does', (utilisation) => {
    expect(pointOf(exampleRun({ utilisation })).saturated).toBe(false)
    expect(pointOf(exampleRun({ utilisation, workers: 4, fixed: true })).saturated).toBe(false)
  })

  test('above it does not, and no percentile is given', () => {
    const point = pointOf(exampleRun({ utilisation: 1.3 }))
    expect(point.saturation?.reason).toBe('backlog-grows')
    // 130 arrive and 100 are answered.
    expect(point.saturation!.backlogPerSecond).toBeGreaterThan(20)
    expect([point.meanMs, point.p50Ms, point.p99Ms]).toEqual([null, null, null])
    expect(point.reasons.p99Ms).toMatch(/did not keep up/)
  })

  test('mild overload of a short run gives no percentiles: where it is not clear it is said', () => {
    // 105 % of the capacity for 10 s leaves some 50 of 1050 requests.
    const points = Array.from({ length: 20 }, (_, seed) =>
      pointOf(exampleRun({ utilisation: 1.05, fixed: true, measuredMs: 10_000, seed })),
    )
    expect(points.filter(({ keepsUp }) => keepsUp === true).length).toBeLessThanOrEqual(1)
    const unclear = points.find(({ keepsUp }) => keepsUp === null)
    expect([unclear!.saturated, unclear!.reasons.p50Ms]).toEqual([false, expect.stringMatching(/^the run is too short to say/)])
    expect([unclear!.meanMs, unclear!.p50Ms, unclear!.p95Ms]).toEqual([null, null, null])
    const busy = Array.from({ length: 20 }, (_, seed) => pointOf(exampleRun({ utilisation: 0.85, measuredMs: 12_000, seed })))
    expect(busy.filter(({ keepsUp }) => keepsUp !== true).length).toBeLessThanOrEqual(1)
  })

  test('a stall of 0.8 s every 4 s shows in the p90, and is no overload', () => {
    const quiet = pointOf(exampleRun({ utilisation: 0.3, fixed: true }))
    const stalled = pointOf(exampleRun({ utilisation: 0.3, fixed: true, stall: { everyMs: 4000, lastsMs: 800 } }))
    expect(stalled.saturated).toBe(false)
    expect(quiet.p90Ms!).toBeLessThan(30)
    // A fifth of the requests meets it, and waits up to 0.8 s.
    expect(stalled.p90Ms!).toBeGreaterThan(300)
  })

  test('refusing is not keeping up', () => {
    const run = exampleRun({ utilisation: 0.3 })
    for (let k = run.measuredFrom; k < run.sent; k += 20) run.records.outcome[k] = 503
    const point = pointOf(run)
    expect(point.saturation?.reason).toBe('sheds')
    expect(point.shed).toBe(30)
    expect(point.statuses).toEqual({ 200: 570, 503: 30 })
  })
})

describe('requests without an answer', () => {
  test('are slower than all others, whatever the time they took', () => {
    const run = exampleRun({ utilisation: 0.3, measuredMs: 40_000 })
    const before = pointOf(run)
    for (let k = run.measuredFrom; k < run.sent; k += 200) run.records.outcome[k] = 500
    const after = pointOf(run)
    expect([after.errors, after.failed, after.timedOut, after.shed]).toEqual([6, 0, 0, 0])
    expect(after.p99Ms!).toBeGreaterThan(before.p99Ms!)
    expect(after.intervals.p99Ms!.high).toBe(null)
    for (let k = run.measuredFrom; k < run.sent; k += 20) run.records.outcome[k] = OUTCOME.broken
    const worse = pointOf(run)
    expect(worse.failed).toBe(60)
    expect(worse.p99Ms).toBe(null)
    expect(worse.reasons.p99Ms).toMatch(/no good answer/)
    expect(worse.p90Ms).not.toBe(null)
  })

  test('too few requests have no p99', () => {
    const point = pointOf(exampleRun({ utilisation: 0.3, measuredMs: 10_000 }))
    expect(point.requests).toBe(300)
    expect(point.p95Ms).not.toBe(null)
    expect(point.p99Ms).toBe(null)
    expect(point.reasons.p99Ms).toBe('300 requests are too few: it takes 662')
  })
})

test('a generator that was late says so instead of a number', () => {
  const run = exampleRun({ utilisation: 0.3 })
  for (let k = run.measuredFrom; k < run.sent; k++) run.records.sentMs[k] = run.records.dueMs[k]! + 9
  const point = pointOf(run)
  expect(point.lag.p50Ms).toBeCloseTo(9, 6)
  expect(point.lag.lateShare).toBe(1)
  expect(point.p50Ms).toBe(null)
  expect(point.reasons.p50Ms).toMatch(/generator itself adds 9\.0 ms/)
})

test('parts add up, and those of the slowest are theirs', () => {
  const run = exampleRun({ utilisation: 0.6 })
  const { records, measuredFrom, sent } = run
  for (let k = measuredFrom; k < sent; k++) {
    records.sentMs[k]! += 0.5
    records.openMs[k]! += 0.75
    records.toldMs[k * 8] = 1
    records.doneMs[k]! += 2
  }
  const { parts } = pointOf({ ...run, toldNames: ['compute'] })
  expect(parts!.names).toEqual(['schedule lag', 'connect', 'server and network', 'server: compute', 'receive'])
  for (const { partsMs, latencyMs } of [parts!.all, parts!.slowest, parts!.typical])
    expect(partsMs.reduce((a, b) => a + b, 0)).toBeCloseTo(latencyMs, 6)
  expect(parts!.all.partsMs[1]).toBeCloseTo(0.25, 6)
  expect(parts!.all.partsMs[4]).toBeCloseTo(2, 6)
  expect(parts!.slowest.requests).toBe(12)
  expect(parts!.slowest.latencyMs).toBeGreaterThan(parts!.typical.latencyMs)
  const own = asOwnServer(parts!)
  expect(own.names).toEqual(['schedule lag', 'connect', 'network and HTTP', 'compute', 'receive'])
  expect(new Set(own.basis)).toEqual(new Set(['measured']))
  expect(own.slowest).toEqual(parts!.slowest)
})

test('where the objective allows more to be refused, that is no overload', () => {
  const run = exampleRun({ utilisation: 0.3 })
  for (let k = run.measuredFrom; k < run.sent; k += 50) run.records.outcome[k] = 503
  expect(pointOf(run)).toMatchObject({ saturated: true, shed: 12 })
  const allowed = pointOf({ ...run, mostRefused: 0.05 })
  expect(allowed).toMatchObject({ saturated: false, shed: 12, requests: 600 })
  expect(allowed.p95Ms).not.toBe(null)
})

test('a deadline that passed in the queue is shed, too', () => {
  const run = exampleRun({ utilisation: 0.3 })
  for (let k = run.measuredFrom; k < run.sent; k += 20) run.records.outcome[k] = 504
  expect(pointOf(run)).toMatchObject({ shed: 30, errors: 30, saturation: { reason: 'sheds' } })
})

test('lateness of more than a twentieth of a number takes it away, less than a millisecond is told', () => {
  const late = (ms: number) => {
    const run = exampleRun({ utilisation: 0.3, measuredMs: 40_000 })
    const { records, measuredFrom, sent } = run
    // Each answer comes as much later.
    for (let k = measuredFrom; k < sent; k++) {
      records.sentMs[k]! += ms
      records.doneMs[k]! += ms
    }
    return pointOf(run)
  }
  const little = late(0.9)
  expect([little.generatorLimit, little.reasons]).toEqual([null, { p999Ms: expect.any(String) }])
  for (const name of ['meanMs', 'p50Ms', 'p99Ms']) expect(little.addedMs![name]).toBeCloseTo(0.9, 6)
  // Of the p99, about 66 ms, less than a twentieth; of the p95, about 43 ms, more.
  const more = late(2.7)
  expect(more.generatorLimit).toBe('sends-late')
  expect([more.meanMs, more.p50Ms, more.p90Ms, more.p95Ms]).toEqual([null, null, null, null])
  expect(Object.keys(more.addedMs!)).toEqual(['p99Ms'])
})
