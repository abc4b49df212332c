import { expect, test } from 'vitest'
import { historyEntry } from '../../../test/support/documents/example-history.ts'
import type { HistoryDocument } from '../../documents/history.ts'
import { historyTable } from './history-table.ts'
import { columnsCsv } from './table-columns.ts'

const documentOf = (entries: HistoryDocument['entries']): HistoryDocument => ({
  ...{ schema: 'whyslow-history/1', file: '/history.jsonl', warnings: [] },
  entries,
})

test('a line a trial, empty where nothing is known', () => {
  const plain = historyEntry(2, { inputs: 'x float32 1x3, y int64 1' })
  const whole = historyEntry(4, { metric: { name: 'accuracy', value: 0.9 }, trial: 't1 x64-avx2-2c-abcdef' })
  const [heads, one, two, end] = columnsCsv(historyTable(documentOf([plain, whole]))).split('\r\n')
  expect(heads).toBe(
    'model,model_sha256,model_bytes,measured_at,machine_key,cpu,usable_cpus,engine,engine_version,device,threads,inputs,p50_ms,ci_low_ms,ci_high_ms,trust,processes,metric,metric_value,whyslow_version,trial',
  )
  const sha256 = 'a'.repeat(64)
  const begin = `/models/model.onnx,${sha256},1000,2026-01-15T09:30:00.000Z,0123456789ab,AMD EPYC,2,ort-cpu,1.30.0,cpu,,`
  expect(one).toBe(`${begin}"x float32 1x3, y int64 1",2,1.9,2.1,A,5,,,0.1.0,`)
  expect(two).toBe(`${begin}x float32 1x16,4,3.8,4.2,A,5,accuracy,0.9,0.1.0,t1 x64-avx2-2c-abcdef`)
  expect(end).toBe('')
})

test('no trial is a table without lines', () => {
  expect(historyTable(documentOf([])).map(({ values }) => values.length)).toEqual(Array(21).fill(0))
})
