import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeTimeline } from '../../load/timeline.ts'
import { LOAD_DEFAULTS } from './options.ts'
import { planOf } from './plan.ts'

let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-plan-'))
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

/** What is measured of a recording with these times, s. */
function replayed(times: readonly number[], seconds: number | null): readonly number[] {
  const file = path.join(folder, 'trace.csv')
  fs.writeFileSync(file, times.join('\n'))
  const plan = planOf({ ...LOAD_DEFAULTS, arrivals: file, seconds })
  const [ratePerSecond] = plan.rates
  const measuredMs = 1000 * plan.seconds!
  const asked = { arrivals: plan.arrivals, ratePerSecond: ratePerSecond!, warmUpMs: 0, measuredMs, seed: 1 }
  return [...makeTimeline(asked).dueMs].map((due) => Math.round(due) / 1000)
}

test('a recording of n arrivals is replayed as n requests', () => {
  expect(replayed([10, 10.5, 10.5, 13], null)).toEqual([0, 0.5, 0.5, 3])
  expect(replayed([0, 60, 60.01, 60.02], null)).toEqual([0, 60, 60.01, 60.02])
})

test('time for a search is told with an objective alone', () => {
  expect(() => planOf({ ...LOAD_DEFAULTS, rates: [10], budgetSeconds: 60 })).toThrow(/^--budget: bounds the search/)
  expect(planOf({ ...LOAD_DEFAULTS, slo: 'p99<20ms', budgetSeconds: 60 }).objective).toMatchObject({ boundMs: 20 })
})

test('with --duration it is cut there, or begins again', () => {
  expect(replayed([0, 60, 60.01, 60.02], 60.005)).toEqual([0, 60])
  expect(replayed([0, 1, 3], 7)).toEqual([0, 1, 3, 4.5, 5.5])
})
