import { expect, test } from 'vitest'
import { exampleEvidence, examplePoint } from '../example-evidence.ts'
import { generatorLimited } from './generator-limited.ts'

test('found: the audit is not passed', () => {
  const reasons = ['9500 requests/s are beyond what it can send here (10000)']
  const found = generatorLimited.check(exampleEvidence([examplePoint()], { ok: false, reasons }))
  expect(found?.detail).toMatch(/^9500 requests\/s are beyond/)
  expect(found?.facts).toEqual([
    { name: 'ceiling', value: 10_000, unit: 'requests/s' },
    { name: 'lag p99', value: 0.3, unit: 'ms' },
  ])
})

test('clear: it is', () => {
  expect(generatorLimited.check(exampleEvidence([examplePoint()]))).toBe(null)
})
