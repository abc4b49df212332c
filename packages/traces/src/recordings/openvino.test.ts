import { expect, test } from 'vitest'
import { readContent, readTable } from '../../test/support/recordings/check-reader.ts'

const head = 'layerName;execStatus;layerType;execType;realTime (ms);cpuTime (ms);'

test('layers that ran; fused ones are counted and not free', async () => {
  const text = `${head}\nconv1;EXECUTED;Convolution;jit_avx512_FP32;1.500;1.500;\nrelu1;NOT_RUN;Relu;undef;0.000;0.000;\nslow;EXECUTED;Custom;ref_any_FP32;0.5;0.5;\nTotal;;;;2.0;2.0;\n`
  const { table, warnings } = await readTable(text)
  expect(table.rows.map(({ name, opType, timeMs, kernel }) => [name, opType, timeMs, kernel])).toEqual([
    ['conv1', 'Convolution', 1.5, 'jit_avx512_FP32'],
    ['relu1', 'Relu', 0, 'undef'],
    ['slow', 'Custom', 0.5, 'ref_any_FP32'],
  ])
  expect(warnings).toEqual([
    expect.stringMatching(/^1 layers were not run/),
    expect.stringMatching(/^1 layers ran a reference kernel/),
  ])
})

test('the detailed report: a block for each request, averaged', async () => {
  const block = (ms: string) => `${head}\nconv1;EXECUTED;Convolution;jit;${ms};${ms};\nTotal;;;;${ms};${ms};\n`
  const { table } = await readTable(`${block('1.0')}\n${block('3.0')}`)
  expect(table.rows.map(({ timeMs }) => timeMs)).toEqual([2])
})

test('refuses a table without times', async () => {
  await expect(readContent(`${head}\n`)).rejects.toThrow(/no layer has a time/)
})
