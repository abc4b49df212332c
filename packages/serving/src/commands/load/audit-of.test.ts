import type { LoadPoint } from '@whyslow/report/documents/load.ts'
import { expect, test } from 'vitest'
import { examplePoint } from '../../../test/support/load/example-evidence.ts'
import { withoutLatencies } from '../../load/generator-limit.ts'
import { auditOf } from './audit-of.ts'

const ceiling = { ceilingPerSecond: 10_000, floorP50Ms: 0.2, floorP99Ms: 0.5, lagP50Ms: 0.1 }
const audit = (point: LoadPoint) =>
  auditOf(
    [{ point, latencies: new Float64Array(), sinceSent: new Float64Array(), generator: { cores: 0.1, lost: 0 }, kept: [] }],
    ceiling,
  )
const lag = { p50Ms: 9, p99Ms: 12, maxMs: 15, lateShare: 0.62 }

test('a point that kept to its schedule passes', () => {
  expect(audit(examplePoint())).toMatchObject({ ok: true, reasons: [] })
})

test.each([
  ['falls-behind', 'at 400 requests/s it fell behind its schedule (62 % more than 1 ms late)'],
  ['beyond-ceiling', '400 requests/s are beyond what it can send here (10000)'],
] as const)('one whose generator %s does not, whatever became of it at the server', (limit, reason) => {
  const full = examplePoint({ offeredPerSecond: 400, saturated: true, lag })
  expect(audit(withoutLatencies(full, limit))).toMatchObject({ ok: false, reasons: [reason] })
})

test('nor does one with numbers that its lateness touches', () => {
  const point = examplePoint({ offeredPerSecond: 400, lag, generatorLimit: 'sends-late' })
  expect(audit(point).reasons).toEqual(['at 400 requests/s it sent 62 % more than 1 ms late'])
})

test('of the numbers that are given, the one that owes most to its lateness', () => {
  const point = examplePoint({ meanMs: 10, p99Ms: 40, addedMs: { meanMs: 0.4, p99Ms: 2.4, p50Ms: 0 } })
  expect(audit(point)).toMatchObject({ ok: true, ownLateness: { name: 'p99Ms', ms: 2.4, share: 0.06 } })
  expect(audit(examplePoint({ addedMs: {} })).ownLateness).toBe(null)
})
