import { parquetReadObjects } from 'hyparquet'
import { expect, test } from 'vitest'
import { exampleMachine, exampleReport } from './example-reports.ts'
import { studyParquet } from './parquet.ts'
import { studyOf } from './study.ts'

test('a line a cell with its types, null where nothing is known', async () => {
  const small = exampleMachine('small')
  const reports = [
    exampleReport(small, { accuracy: 0.9 }),
    exampleReport(exampleMachine('large', 2, { usableCpus: 8 }), { batch: 8 }),
  ]
  const document = studyOf({ reports, failures: [], warnings: [], prices: new Map(), reference: null })
  const bytes = await studyParquet(document)
  const rows = await parquetReadObjects({ file: bytes.slice().buffer })
  expect(rows).toHaveLength(4)
  expect(rows[0]).toMatchObject({
    model: 'a.onnx',
    batch: 1,
    p50_ms: 10,
    metric_value: 0.9,
    usable_cpus: 2,
    on_pareto_front: true,
  })
  expect(rows[1]).toMatchObject({ cpu: 'large', p50_ms: null, on_pareto_front: null, reason: 'not measured there' })
})

test('nothing measured is a table without lines', async () => {
  const document = studyOf({ reports: [], failures: [], warnings: [], prices: new Map(), reference: null })
  expect(await parquetReadObjects({ file: (await studyParquet(document)).slice().buffer })).toEqual([])
})
