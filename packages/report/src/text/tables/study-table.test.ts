import { expect, test } from 'vitest'
import type { StudyCell, StudyDocument } from '../../documents/study.ts'
import { studyTable } from './study-table.ts'
import { columnsCsv } from './table-columns.ts'

test('a line a cell, empty where nothing is known, and no formula', () => {
  const machine = { id: 'x64-2c-abc', cpu: 'A "fast" CPU, of 2', usableCpus: 2 }
  const cell = {
    machine: machine.id,
    p50Ms: 1.5,
    ciLowMs: 1.4,
    ciHighMs: 1.6,
    trust: 'A',
    ratio: null,
    reason: null,
  } as StudyCell
  const row = { model: '=cmd.onnx', sha256: 'ab', engine: 'ort-cpu', batch: null, inputs: 'x float32 1x3', cells: [cell] }
  const document = { table: { rows: [row] }, machines: [machine] } as unknown as StudyDocument
  const [heads, line, end] = columnsCsv(studyTable(document)).split('\r\n')
  expect(heads!.split(',')).toHaveLength(23)
  expect(line).toBe(`'=cmd.onnx,ab,ort-cpu,,,x float32 1x3,x64-2c-abc,"A ""fast"" CPU, of 2",2,1.5,1.4,1.6,A,,,,,,,,,,`)
  expect(end).toBe('')
})
