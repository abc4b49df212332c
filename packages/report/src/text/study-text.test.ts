import { expect, test } from 'vitest'
import type { EstimateDocument } from '../documents/foretold.ts'
import type { StudyCell, StudyDocument } from '../documents/study.ts'
import { renderEstimate } from './foretold-text.ts'
import { renderStudy } from './study-text.ts'

const machine = (id: string, pricePerHour: number | null = null) => ({
  ...{ id, class: id, key: id, cpu: `CPU of ${id}`, usableCpus: 2, quotaCpus: null, threads: null, pricePerHour },
})
const cell = (of: string, p50Ms: number | null): StudyCell => ({
  machine: of,
  report: p50Ms === null ? null : 0,
  ...{ p50Ms, ciLowMs: p50Ms && p50Ms * 0.9, ciHighMs: p50Ms && p50Ms * 1.1, trust: p50Ms === null ? null : 'A' },
  ...{ ratio: p50Ms && 10 / p50Ms, ratioLow: p50Ms && 9 / p50Ms, ratioHigh: p50Ms && 11 / p50Ms },
  costPerMillion: null,
  onFront: null,
  reason: p50Ms === null ? 'not measured there' : null,
})
const study = (cells: StudyCell[], machines = cells.map(({ machine: id }) => machine(id))): StudyDocument => ({
  schema: 'whyslow-study/1',
  tool: { version: '0' },
  createdAt: '2026-01-01T00:00:00.000Z',
  answer: 'The answer.',
  reports: [],
  machines,
  failures: [{ model: 'b\u001b[2J.onnx', engine: 'ort-cpu', batch: 8, machine: null, reason: 'no such file' }],
  table: {
    reference: cells[0]!.machine,
    rows: [{ model: '/models/a.onnx', sha256: 'a', engine: 'ort-cpu', batch: 4, inputs: 'x float32 4x4', cells }],
  },
  sentences: ['What stands out.'],
  warnings: ['A doubt.'],
})
const options = { width: 80, colour: false }

test('one machine: a line for each model, with samples a second', () => {
  const text = renderStudy(study([cell('x64-avx2-2c-abcdef', 10)]), options)
  expect(text).toMatch(/a\.onnx +ort-cpu +4 +10\.0 ms \(9\.0–11\.0\) A +400$/m)
  expect(text).toContain('Not measured: b')
  expect(text).not.toContain('\u001b')
  expect(text.split('\n').every((line) => line.length <= 80)).toBe(true)
})

test('several: a table for each model, what is not measured said', () => {
  const text = renderStudy(study([cell('one', 10), cell('two', 5), cell('three', null)]), options)
  expect(text).toMatch(/one +10\.0 ms \(9\.0–11\.0\) A +reference$/m)
  expect(text).toMatch(/two +5\.00 ms .* 2\.00× \(1\.80–2\.20\)$/m)
  expect(text).toMatch(/three +not measured there$/m)
})

test('what is foretold is called estimated, with its interval, its grade and its notes', () => {
  const document = {
    answer: 'It is estimated to take 5 ms.',
    here: { p50Ms: 10, ciLowMs: 9, ciHighMs: 11 },
    there: { basis: 'estimated', p50Ms: 5, lowMs: 4, highMs: 7, grade: 'C' },
    parts: [{ part: 'memory', hereMs: 10, thereMs: 5 }],
    known: { pairs: 6, medianError: 0.12 },
    notes: ['A note.'],
  } as unknown as EstimateDocument
  const text = renderEstimate(document, options)
  expect(text).toMatch(/^There +5\.00 ms \(4\.00–7\.00\), estimated, grade C$/m)
  expect(text).toMatch(/median error\s+12 %/)
  expect(text).toContain('Note: A note.')
})
