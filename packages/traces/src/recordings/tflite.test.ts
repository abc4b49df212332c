import { expect, test } from 'vitest'
import { readContent, readTable } from '../../test/support/recordings/check-reader.ts'

const head = 'node type, start, first, avg_ms, %, cdf%, mem KB, times called, name'

test('the regular runs, once each', async () => {
  const section = (title: string, ms: string) =>
    `Operator-wise Profiling Info for ${title}:\n============ Run Order ============\n${head}\nCONV_2D, 0.01, 1.2, ${ms}, 60%, 60%, 0.0, 1, [conv/out]:0\nSOFTMAX, 1.2, 0.1, 0.5, 40%, 100%, 0.0, 1, [soft]:1\n\n============ Top by Computation Time ============\n${head}\nCONV_2D, 0.01, 1.2, ${ms}, 60%, 60%, 0.0, 1, [conv/out]:0\n`
  const { table } = await readTable(section('Init', '9.0') + section('Regular Benchmark Runs', '1.25'))
  expect(table.rows.map(({ name, opType, timeMs, calls }) => [name, opType, timeMs, calls])).toEqual([
    ['conv/out', 'CONV_2D', 1.25, 1],
    ['soft', 'SOFTMAX', 0.5, 1],
  ])
})

test('as many nodes as the buffer holds are too many', async () => {
  const rows = Array.from({ length: 1024 }, (_, i) => `ADD, 0, 0, 0.1, 0%, 0%, 0, 1, [n${i}]:${i}`)
  expect((await readTable(`${head}\n${rows.join('\n')}\n`)).warnings[0]).toMatch(/exactly 1024 nodes/)
})

test('refuses a table without times', async () => {
  await expect(readContent(`${head}\n`)).rejects.toThrow(/no node has a time/)
})
