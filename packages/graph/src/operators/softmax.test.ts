import { test } from 'vitest'
import { checkOperator } from '../../test/support/operators/check-operator.ts'

test('Softmax and LogSoftmax', () => {
  // 24 scores in 6 rows: 4 * 24, 24 + 6; read 96, write 96; then x again, y twice
  for (const operator of ['Softmax', 'LogSoftmax']) {
    checkOperator(
      { operator, inputs: ['2x3x4'], outputs: ['2x3x4'] },
      { simpleOps: 96, specialOps: 30, bytes: 192, streamingBytes: 480 },
    )
  }
  // along axis 1: 8 rows of 3
  checkOperator({ operator: 'Softmax', inputs: ['2x3x4'], outputs: ['2x3x4'], attributes: { axis: 1 } }, { specialOps: 32 })
})

test('BiasSoftmax and QLinearSoftmax', () => {
  checkOperator(
    { operator: 'com.microsoft:BiasSoftmax', inputs: ['2x3x4', '2x1x4'], outputs: ['2x3x4'], attributes: { axis: 2 } },
    { simpleOps: 120, specialOps: 30, bytes: 224 },
  )
  // 24 * (3 + 3), a division per row
  checkOperator(
    {
      operator: 'com.microsoft:QLinearSoftmax',
      inputs: ['uint8:2x3x4', '', 'uint8:', '', 'uint8:'],
      outputs: ['uint8:2x3x4'],
    },
    { simpleOps: 144, specialOps: 6 },
  )
})

test('Hardmax and losses', () => {
  checkOperator({ operator: 'Hardmax', inputs: ['3x4'], outputs: ['3x4'] }, { simpleOps: 24, specialOps: 0 })
  // 2 * 5 scores in 2 rows: 40 + 2, 12
  checkOperator(
    { operator: 'SoftmaxCrossEntropyLoss', inputs: ['2x5', 'int64:2'], outputs: [''] },
    { simpleOps: 42, specialOps: 12 },
  )
  // 2 entries of 10 are read: 8 B, targets 16, loss 4
  checkOperator({ operator: 'NegativeLogLikelihoodLoss', inputs: ['2x5', 'int64:2'], outputs: [''] }, { simpleOps: 4, bytes: 28 })
})
