import type { StudyDocument } from '@whyslow/report/documents/study.ts'
import { historyEntry } from '@whyslow/report/support/documents/example-history.ts'
import { historyTable } from '@whyslow/report/text/tables/history-table.ts'
import { studyTable } from '@whyslow/report/text/tables/study-table.ts'
import { parquetReadObjects } from 'hyparquet'
import { expect, test } from 'vitest'
import { exampleMachine, exampleReport } from '../test/support/study/example-reports.ts'
import { studyOf } from './study/study.ts'
import { tableParquet } from './table-parquet.ts'

const readBack = async (columns: Parameters<typeof tableParquet>[0]) =>
  parquetReadObjects({ file: (await tableParquet(columns)).slice().buffer })
const studied = (reports: Parameters<typeof studyOf>[0]['reports']): StudyDocument =>
  studyOf({ reports, failures: [], warnings: [], prices: new Map(), reference: null })

test('a study is a line a cell with its types, null where nothing is known', async () => {
  const reports = [
    exampleReport(exampleMachine('small'), { accuracy: 0.9 }),
    exampleReport(exampleMachine('large', 2, { usableCpus: 8 }), { batch: 8 }),
  ]
  const rows = await readBack(studyTable(studied(reports)))
  expect(rows).toHaveLength(4)
  expect(rows[0]).toMatchObject({
    model: 'a.onnx',
    engine_version: '1.30.0',
    batch: 1,
    p50_ms: 10,
    metric_value: 0.9,
    usable_cpus: 2,
    on_pareto_front: true,
  })
  expect(rows[1]).toMatchObject({ cpu: 'large', p50_ms: null, on_pareto_front: null, reason: 'not measured there' })
})

test('a history is a line a trial, with its time', async () => {
  const entries = [historyEntry(2), historyEntry(4, { trial: 't1', savedAt: 'yesterday' })]
  const rows = await readBack(historyTable({ schema: 'whyslow-history/1', file: 'a.sqlite', entries, warnings: [] }))
  expect(rows).toMatchObject([
    { p50_ms: 2, model_bytes: 1000, measured_at: new Date('2026-01-15T09:30:00.000Z'), threads: null, trial: null },
    { p50_ms: 4, measured_at: null, trial: 't1' },
  ])
})

test('nothing measured is a table without lines', async () => {
  expect(await readBack(studyTable(studied([])))).toEqual([])
})
