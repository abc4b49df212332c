import { expect, test } from 'vitest'
import { checkOperator, inputUseFacts } from '../../test/support/operators/check-operator.ts'

test('Gather reads rows, not the table', () => {
  // 5 rows of 32 floats: 640 B read and written, indices 40 B
  checkOperator(
    { operator: 'Gather', inputs: ['!30000x32', 'int64:5'], outputs: ['5x32'] },
    { macs: 0, bytes: 1320, weightBytes: 640, movesDataOnly: false },
  )
  // a row shorter than a cache line costs one: 5 * 64, written 5 * 8 B
  checkOperator({ operator: 'Gather', inputs: ['30000x2', 'int64:5'], outputs: ['5x2'] }, { bytes: 320 + 40 + 40 })
  // never more than the table: 8 B
  checkOperator({ operator: 'Gather', inputs: ['2', 'int64:'], outputs: [''] }, { bytes: 8 + 8 + 4 })
  // along axis 1: 3 * 2 runs of 40 elements, 160 B each
  checkOperator(
    { operator: 'Gather', inputs: ['3x7x40', 'int64:2'], outputs: ['3x2x40'], attributes: { axis: 1 } },
    { bytes: 960 + 16 + 960 },
  )
})

test('GatherElements and GatherND', () => {
  // 4 single elements: 64 B each
  checkOperator({ operator: 'GatherElements', inputs: ['100x4', 'int64:1x4'], outputs: ['1x4'] }, { bytes: 256 + 32 + 16 })
  // 3 pairs of indices into 10x10x32: rows of 128 B
  checkOperator({ operator: 'GatherND', inputs: ['10x10x32', 'int64:3x2'], outputs: ['3x32'] }, { bytes: 384 + 48 + 384 })
})

test('GatherBlockQuantized dequantizes the rows', () => {
  // 5 of 100 rows of 16 bytes and of one scale; 5 * 32 outputs, 2 operations each
  checkOperator(
    {
      operator: 'com.microsoft:GatherBlockQuantized',
      inputs: ['!uint8:100x16', 'int64:5', '!100x1'],
      outputs: ['5x32'],
    },
    { simpleOps: 320, bytes: 80 + 40 + 20 + 640, arithmetic: 'float32' },
  )
})

test('Scatter copies and updates', () => {
  // data 400 B read and written, 3 updates of 16 B, indices 24 B
  const scatter = { operator: 'ScatterND', inputs: ['25x4', 'int64:3x1', '3x4'], outputs: ['25x4'] }
  checkOperator(scatter, { simpleOps: 0, bytes: 872 })
  checkOperator({ ...scatter, attributes: { reduction: 'add' } }, { simpleOps: 12 })
  // in place: the update read and written, 8 B of indices
  checkOperator({ operator: 'TensorScatter', inputs: ['1x2x64x4', '1x2x1x4', 'int64:1'], outputs: ['1x2x64x4'] }, { bytes: 72 })
})

test('OneHot and Compress', () => {
  checkOperator({ operator: 'OneHot', inputs: ['int64:3', 'int64:', '2'], outputs: ['3x10'] }, { simpleOps: 30, bytes: 160 })
  // 2 of 5 rows kept: 32 B read and written, 5 bools
  checkOperator({ operator: 'Compress', inputs: ['5x4', 'bool:5'], outputs: ['2x4'] }, { bytes: 69 })
})

test('ids lie within the table, and a sequence within the table of positions beside it', () => {
  expect(inputUseFacts({ operator: 'Gather', inputs: ['!1000x64', '?'] }, 1)).toEqual({ tableRows: 1000, maxLength: 512 })
  expect(inputUseFacts({ operator: 'Gather', inputs: ['!4x1000x64', '?'], attributes: { axis: 1 } }, 1)).toEqual({
    tableRows: 1000,
  })
  expect(inputUseFacts({ operator: 'Gather', inputs: ['?', '!3'] })).toBeUndefined()
  expect(inputUseFacts({ operator: 'OneHot', inputs: ['?', '!int64:=257', '2'] })).toEqual({ tableRows: 257 })
})

test('columns taken at constant places leave the other axes as they are', () => {
  const column = { operator: 'Gather', inputs: ['1x2x64', '!int64:=0'], attributes: { axis: 1 } }
  expect(inputUseFacts(column)).toEqual({ passes: [0, 2] })
  expect(inputUseFacts({ ...column, inputs: ['1x2x64', '!int64:2'] })).toEqual({ passes: [0, null, 2] })
})
