import { expect, test } from 'vitest'
import { checkOperator, inputUseFacts } from '../../test/support/operators/check-operator.ts'

test('read once, written once', () => {
  for (const operator of ['Transpose', 'com.microsoft.nchwc:ReorderInput', 'MemcpyToHost', 'DepthToSpace']) {
    checkOperator(
      { operator, inputs: ['2x3x4'], outputs: ['4x3x2'] },
      { macs: 0, simpleOps: 0, bytes: 192, streamingBytes: 192, movesDataOnly: true },
    )
  }
})

test('Concat and Split', () => {
  checkOperator(
    { operator: 'Concat', inputs: ['2x3', '!2x5'], outputs: ['2x8'] },
    { bytes: 128, weightBytes: 40, movesDataOnly: true },
  )
  checkOperator({ operator: 'Split', inputs: ['2x8'], outputs: ['2x3', '2x5'] }, { bytes: 128 })
})

test('Slice reads what it keeps, Expand what it has', () => {
  // 2 of 100 rows; starts and ends 8 B each
  checkOperator({ operator: 'Slice', inputs: ['100x4', 'int64:1', 'int64:1'], outputs: ['2x4'] }, { bytes: 80 })
  checkOperator({ operator: 'Expand', inputs: ['1x4', 'int64:2'], outputs: ['100x4'] }, { bytes: 16 + 16 + 1600 })
  checkOperator({ operator: 'Pad', inputs: ['2x2', 'int64:4'], outputs: ['4x4'] }, { bytes: 16 + 32 + 64 })
})

test('QLinearConcat looks each element up', () => {
  checkOperator(
    {
      operator: 'com.microsoft:QLinearConcat',
      inputs: ['', 'uint8:', 'uint8:2x3', '', 'uint8:', 'uint8:2x5', '', 'uint8:'],
      outputs: ['uint8:2x8'],
    },
    { simpleOps: 16, bytes: 16 + 16 + 12 + 3, movesDataOnly: true },
  )
})

test('Col2Im adds overlapping blocks', () => {
  // 4 taps * 9 positions
  checkOperator({ operator: 'Col2Im', inputs: ['1x4x9', 'int64:2', 'int64:2'], outputs: ['1x1x4x4'] }, { simpleOps: 36 })
})

test('a transposition says where axes go', () => {
  expect(inputUseFacts({ operator: 'Transpose', inputs: ['2x3x4'], attributes: { perm: [2, 0, 1] } })).toEqual({
    passes: [2, 0, 1],
  })
  expect(inputUseFacts({ operator: 'Transpose', inputs: ['2x3x4'] })).toEqual({ passes: [2, 1, 0] })
  expect(inputUseFacts({ operator: 'Transpose', inputs: ['?'] })).toBeUndefined()
})

test('deprecated cuts read what they keep', () => {
  // 2 * 2 * 2 elements of 3 channels
  checkOperator({ operator: 'Crop', inputs: ['1x3x4x4'], outputs: ['1x3x2x2'] }, { bytes: 96, movesDataOnly: true })
  checkOperator(
    { operator: 'DynamicSlice', inputs: ['10', 'int64:1', 'int64:1'], outputs: ['4'] },
    { bytes: 16 + 8 + 8 + 16, movesDataOnly: true },
  )
})
