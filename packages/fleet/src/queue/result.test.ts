import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exampleMachine, exampleReport } from '../../test/support/study/example-reports.ts'
import { checkResult, checkStored, makeResult, storedReport } from './result.ts'

const on = { trial: 't1', machine: 'here' }
const key = 'a key of the whole fleet'
const report = exampleReport(exampleMachine('here'))

test('a report keeps its signature through a queue and a database, which change what JSON does not say', () => {
  const odd = { ...report, absent: { a: 'with a \0', b: undefined, c: Number.NaN, d: -0 } } as unknown as ReportDocument
  const result = makeResult(on, odd, key)
  const crossed = JSON.parse(JSON.stringify(result)) as unknown
  expect(checkResult(crossed, on, key)).toMatchObject({ ok: true, result: { ...on, signature: result.signature } })
  const row = JSON.parse(JSON.stringify(storedReport(result)).replaceAll('\\u0000', '\uFFFD')) as object
  const turned = Object.fromEntries(Object.entries(row).reverse())
  const checked = checkStored(turned, on, key)
  expect(checked.ok).toBe(true)
  // What the store gives is handed in with the same signature.
  expect(checked.ok && checkResult(checked.result, on, key).ok).toBe(true)
})

test('without a key nothing is signed, and what others signed is taken', () => {
  const result = makeResult(on, report, null)
  expect([result.signature, storedReport(result)]).toEqual([null, report])
  expect([checkResult(result, on, null).ok, checkStored(storedReport(makeResult(on, report, key)), on, null).ok]).toEqual([
    true,
    true,
  ])
  expect(checkResult({ ...result, report: null }, on, null)).toEqual({
    ok: false,
    reason: expect.stringMatching(/^not a report of a latency/),
  })
})

test('whatever lies there, checking throws nothing', () => {
  const whole = makeResult(on, report, key)
  fc.assert(
    fc.property(fc.anything(), fc.constantFrom('trial', 'machine', 'report', 'signature'), (value, field) => {
      expect([checkResult(value, on, key).ok, checkStored(value, on, key).ok]).toEqual([false, false])
      fc.pre(JSON.stringify(value) !== JSON.stringify(whole[field]))
      expect(checkResult({ ...whole, [field]: value }, on, key).ok).toBe(false)
    }),
    { seed: 1 },
  )
})
