import { expect, test } from 'vitest'
import type { ReportDocument } from '../documents/report.ts'
import { estimateAgainstResult, listOf } from './foretold.ts'

test('a list names three', () => {
  expect(listOf(['a'])).toBe('a')
  expect(listOf(['a', 'b', 'c'])).toBe('a, b and c')
  expect(listOf(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c and 2 more')
})

test('the estimate stands next to what was measured', () => {
  const foretold = { ms: 9, low: 8, high: 10, remedies: ['narrow-convolutions'] }
  const fix = { goal: 'latency', before: 22, after: 14, proven: true, kept: ['narrow-convolutions'] }
  const doc = { foretold, fix } as unknown as ReportDocument
  expect(estimateAgainstResult(doc)).toMatch(
    /^Estimated from operators alone: 9\.00 ms \(8\.00–10\.0\) saved by narrow-convolutions; measured: 8\.00 ms saved by narrow-convolutions\.$/,
  )
  expect(estimateAgainstResult({ ...doc, fix: { ...doc.fix!, proven: false } })).toContain('measured: nothing proven')
  expect(estimateAgainstResult({ ...doc, fix: { ...doc.fix!, goal: 'size' } })).toBeUndefined()
  expect(estimateAgainstResult({ ...doc, foretold: null })).toBeUndefined()
})
