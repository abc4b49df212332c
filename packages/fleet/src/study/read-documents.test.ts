import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { exampleMachine, exampleReport } from '../../test/support/study/example-reports.ts'
import { readMachineDocument, readReports } from './read-documents.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'whyslow-study-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const saved = (document: unknown) => {
  const file = path.join(folder, 'document.json')
  writeFileSync(file, typeof document === 'string' ? document : JSON.stringify(document))
  return file
}
const report = exampleReport(exampleMachine('here'))

test('reports come from reports, comparisons and studies', () => {
  for (const document of [
    report,
    { schema: 'whyslow-comparison/1', reports: [report] },
    { schema: 'whyslow-study/1', reports: [report] },
  ])
    expect(readReports([saved(document)])).toEqual({ reports: [report], failures: [], warnings: [] })
})

test('what a study could not measure stays told; what is no such row is not', () => {
  const failure = { model: 'b.onnx', engine: 'ort-cpu', batch: null, machine: 'x64-2c-abc', reason: 'too little memory' }
  const failures = [failure, { ...failure, reason: 7 }, null]
  expect(readReports([saved({ schema: 'whyslow-study/1', reports: [report], failures })]).failures).toEqual([failure])
})

test('one that cannot be used costs a warning', () => {
  const { reports, warnings } = readReports([
    saved({ schema: 'whyslow-study/1', reports: [report, { ...report, latency: null }] }),
  ])
  expect([reports.length, warnings]).toEqual([1, [expect.stringMatching(/1 of 2 reports are left out \(latency/)]])
})

test.each([
  ['{', /this is not JSON/],
  [{ schema: 'whyslow-lint/1' }, /this holds no reports/],
  [null, /this holds no reports/],
  [{ schema: 'whyslow-study/1', reports: 7 }, /this holds no reports/],
  [{ ...report, latency: { ...report.latency, p50Ms: 0 } }, /no report in it has a latency/],
  [{ ...report, machine: 'fast' }, /no report in it/],
])('%j is refused', (document, words) => {
  expect(() => readReports([saved(document)])).toThrow(words)
})

test('a machine comes from its description or a report, and needs roofs', () => {
  const machine = exampleMachine('there')
  expect(readMachineDocument(saved(machine))).toEqual(machine)
  expect(readMachineDocument(saved(report)).cpu).toBe('here')
  expect(() => readMachineDocument(saved({ ...machine, roofs: [] }))).toThrow(/no roofs were measured there/)
  expect(() => readMachineDocument(saved({ cpu: 'x' }))).toThrow(/this describes no machine/)
  expect(() => readMachineDocument(path.join(folder, 'none.json'))).toThrow(/no such file/)
})
