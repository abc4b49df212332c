import { expect, test } from 'vitest'
import { readContent, readTable } from '../../test/support/recordings/check-reader.ts'

test('a column for each metric, units in the second row', async () => {
  const text = [
    '==PROF== Connected',
    '"ID","Process ID","Kernel Name","gpu__time_duration.sum","sm__throughput.avg.pct_of_peak_sustained_elapsed","sm__warps_active.avg.pct_of_peak_sustained_active"',
    '"","","","ns","%","%"',
    '"0","12","void gemm<float>(float*)","12,000","81.5","40"',
    '',
  ].join('\n')
  const { table, warnings } = await readTable(text)
  expect(table).toEqual({
    of: 'replayed',
    rows: [
      {
        name: 'void gemm<float>(float*)',
        opType: 'gemm',
        timeMs: 0.012,
        calls: 1,
        kernel: 'void gemm<float>(float*)',
        computeShare: 0.815,
        occupancy: 0.4,
      },
    ],
  })
  expect(warnings[0]).toMatch(/replayed one by one/)
})

test('a line for each metric', async () => {
  const line = (metric: string, unit: string, value: string) => `"0","12","k(int)","GPU","${metric}","${unit}","${value}"`
  const text = `"ID","Process ID","Kernel Name","Section Name","Metric Name","Metric Unit","Metric Value"\n${line('Duration', 'us', '3.5')}\n${line('Achieved Occupancy', '%', '55')}\n`
  expect((await readTable(text)).table.rows).toMatchObject([{ timeMs: 0.0035, occupancy: 0.55 }])
})

test('refuses a table without durations', async () => {
  await expect(readContent('"ID","Process ID","Kernel Name","x"\n"","","",""\n"0","1","k","2"\n')).rejects.toThrow(
    /no kernel has a duration/,
  )
})
