import { test } from 'vitest'
import { checkOperator } from '../../test/support/operators/check-operator.ts'

test.each([
  ['ReduceSum', 12, 0],
  ['ReduceMax', 12, 0],
  ['ReduceMean', 12, 3],
  ['ReduceL1', 24, 0],
  ['ReduceL2', 24, 3],
  ['ReduceSumSquare', 24, 0],
  ['ReduceLogSum', 12, 3],
  ['ReduceLogSumExp', 39, 15],
])('%s: %d simple, %d special', (operator, simpleOps, specialOps) => {
  // 3x4 to 3: per input element, and per output; axes int64, 8 B
  checkOperator({ operator, inputs: ['3x4', 'int64:1'], outputs: ['3'] }, { simpleOps, specialOps, bytes: 48 + 8 + 12 })
})

test('ArgMax, CumSum and NonZero look at each element once', () => {
  checkOperator({ operator: 'ArgMax', inputs: ['3x4'], outputs: ['int64:3x1'] }, { simpleOps: 12, bytes: 72 })
  checkOperator({ operator: 'CumSum', inputs: ['3x4', 'int32:'], outputs: ['3x4'] }, { simpleOps: 12 })
  checkOperator({ operator: 'NonZero', inputs: ['3x4'], outputs: ['int64:2x5'] }, { simpleOps: 12, bytes: 128 })
})

test('TopK and Unique compare as a heap and a sort do', () => {
  // k = 8: 3 comparisons of each of 100
  checkOperator({ operator: 'TopK', inputs: ['1x100', 'int64:1'], outputs: ['1x8', 'int64:1x8'] }, { simpleOps: 300 })
  checkOperator({ operator: 'TopK', inputs: ['1x100', 'int64:1'], outputs: ['1x1', 'int64:1x1'] }, { simpleOps: 100 })
  // log2(16) = 4 comparisons of each of 16
  checkOperator({ operator: 'Unique', inputs: ['16'], outputs: ['5'] }, { simpleOps: 64 })
  // 4 slices of 8 elements: 2 comparisons of slices
  checkOperator({ operator: 'Unique', inputs: ['4x8'], outputs: ['2x8'], attributes: { axis: 0 } }, { simpleOps: 64 })
})

test('QLinearReduceMean', () => {
  // 12 additions, 3 outputs requantized
  checkOperator(
    { operator: 'com.microsoft:QLinearReduceMean', inputs: ['uint8:3x4', '', 'uint8:', '', 'uint8:'], outputs: ['uint8:3x1'] },
    { simpleOps: 21, arithmetic: 'int8' },
  )
})

test('a running product', () => {
  checkOperator({ operator: 'CumProd', inputs: ['3x4', '!int64:=1'], outputs: ['3x4'] }, { simpleOps: 12 })
})
