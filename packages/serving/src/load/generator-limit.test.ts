import { describe, expect, test } from 'vitest'
import { examplePoint } from '../../test/support/load/example-evidence.ts'
import { exampleRun } from '../../test/support/load/example-queue.ts'
import { isLimited, limitToCeiling } from './generator-limit.ts'
import { pointOf } from './point.ts'

/** `sendsAt`: when a request is sent, from when it was due; `answerAt`: when its answer is read. */
function runOf(sendsAt: (dueMs: number, k: number) => number, answerAt = (sentMs: number) => sentMs + 1) {
  const run = exampleRun({ utilisation: 0.5, measuredMs: 20_000 })
  const { records, sent } = run
  for (let k = 0; k < sent; k++) {
    records.sentMs[k] = sendsAt(records.dueMs[k]!, k)
    records.openMs[k] = records.sentMs[k]!
    records.doneMs[k] = answerAt(records.sentMs[k]!)
    records.firstByteMs[k] = records.doneMs[k]!
  }
  return run
}
/** Bursts of what has become due, each a fifth longer than the one before. */
const burstAfter = (ms: number) => 100 * 1.2 ** Math.ceil(Math.log(Math.max(1, ms / 100)) / Math.log(1.2))
const NAMES = ['meanMs', 'p50Ms', 'p90Ms', 'p95Ms', 'p99Ms', 'p999Ms', 'maxMs'] as const

describe('a generator that cannot keep to its schedule', () => {
  test.each([
    ['sends every 40 ms what is due every 20', runOf((_, k) => 40 * k)],
    ['sends in bursts ever longer, and reads answers between them', runOf(burstAfter, (sent) => burstAfter(sent + 1) - 1)],
  ])('%s: it is the reason, the server is not called saturated, and no latency is given', (_, run) => {
    const point = pointOf(run)
    expect(point.generatorLimit).toBe('falls-behind')
    expect([point.saturated, point.saturation, point.parts]).toEqual([false, null, null])
    for (const name of NAMES) {
      expect(point[name]).toBe(null)
      expect(point.reasons[name]).toMatch(/^the generator itself did not keep to its schedule/)
    }
    expect(Object.values(point.intervals).every((interval) => interval === null)).toBe(true)
    expect(isLimited(point)).toBe(true)
  })

  test('one that was stopped before it came to what is measured', () => {
    const run = runOf((due) => due)
    const point = pointOf({ ...run, sent: run.measuredFrom - 10, toMs: run.fromMs + 20 })
    expect(point).toMatchObject({ generatorLimit: 'falls-behind', requests: 0, saturated: false, achievedPerSecond: 0 })
    expect(point.outstanding.series.every(Number.isFinite)).toBe(true)
  })

  test('one that is late by as much all the time is told, and only numbers that it touches are left out', () => {
    const point = pointOf(
      runOf(
        (due) => due + 5,
        (sent) => sent + 100,
      ),
    )
    expect([point.generatorLimit, point.saturated]).toEqual([null, false])
    const touched = pointOf(
      runOf(
        (due) => due + 50,
        (sent) => sent + 100,
      ),
    )
    expect([touched.generatorLimit, touched.p50Ms, touched.meanMs]).toEqual(['sends-late', null, null])
    expect(isLimited(touched)).toBe(false)
  })

  test('a server that does not keep up with what was sent in time is overloaded, whatever is a little late', () => {
    const full = exampleRun({ utilisation: 1.3 })
    for (let k = 0; k < full.sent; k++) full.records.sentMs[k] = full.records.dueMs[k]! + 0.5
    expect(pointOf(full)).toMatchObject({ saturated: true, generatorLimit: null })
  })
})

test('above nine tenths of its ceiling the generator is what is measured', () => {
  const point = examplePoint({ offeredPerSecond: 950, saturated: true })
  expect(limitToCeiling(point, 1100)).toBe(point)
  const left = limitToCeiling(point, 1000)
  expect(left).toMatchObject({ generatorLimit: 'beyond-ceiling', saturated: false, p50Ms: null, p99Ms: null, meanMs: null })
  expect(left.reasons.p50Ms).toMatch(/does not reach that rate here/)
  const closed = examplePoint({ offeredPerSecond: null, clients: 8 })
  expect(limitToCeiling(closed, 1)).toBe(closed)
})
