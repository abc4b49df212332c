import { expect, test } from 'vitest'
import { checkOperator, inputUseFacts } from '../../test/support/operators/check-operator.ts'

test('Gemm', () => {
  // 2 * 3 * 4 = 24 MACs, C adds 6; bytes: 8 + 12 + 3 + 6 = 29 elements
  checkOperator(
    { operator: 'Gemm', inputs: ['2x4', '!4x3', '!3'], outputs: ['2x3'] },
    { macs: 24, simpleOps: 6, bytes: 116, weightBytes: 60 },
  )
  // transposed A: K is its first dimension. alpha and beta scale the 6 products and the 6 of C, which are then added
  checkOperator(
    { operator: 'Gemm', inputs: ['4x2', '4x3', '3'], outputs: ['2x3'], attributes: { transA: 1, alpha: 0.5, beta: 2 } },
    { macs: 24, simpleOps: 18 },
  )
  checkOperator({ operator: 'Gemm', inputs: ['2x4', '4x3', '3'], outputs: ['2x3'], attributes: { beta: 0 } }, { simpleOps: 0 })
})

test('FusedGemm with its activation', () => {
  // C and LeakyReLU: 1 + 2 per output
  checkOperator(
    {
      operator: 'com.microsoft:FusedGemm',
      inputs: ['2x4', '4x3', '3'],
      outputs: ['2x3'],
      attributes: { activation: 'LeakyRelu' },
    },
    { macs: 24, simpleOps: 18 },
  )
})

test('MatMul with broadcast batch, and one-dimensional operands', () => {
  // [2,1,3,4] x [5,4,6] -> [2,5,3,6] = 180 outputs of 4; A 24, B 120 and y 180 elements
  checkOperator({ operator: 'MatMul', inputs: ['2x1x3x4', '5x4x6'], outputs: ['2x5x3x6'] }, { macs: 720, bytes: 1296 })
  checkOperator({ operator: 'MatMul', inputs: ['4', '5x4x6'], outputs: ['5x6'] }, { macs: 120 })
  checkOperator({ operator: 'MatMul', inputs: ['3x4', '4'], outputs: ['3'] }, { macs: 12 })
  checkOperator({ operator: 'MatMul', inputs: ['4', '4'], outputs: ['float32:'] }, { macs: 4 })
})

test('FusedMatMul', () => {
  const fused = { operator: 'com.microsoft:FusedMatMul', outputs: ['2x3x6'] }
  // 36 outputs of K = 4; alpha is one more per output
  checkOperator({ ...fused, inputs: ['2x4x3', '2x4x6'], attributes: { transA: 1, alpha: 0.125 } }, { macs: 144, simpleOps: 36 })
  // [3, 2, 4] stands for [2, 3, 4]
  checkOperator({ ...fused, inputs: ['3x2x4', '2x4x6'], attributes: { transBatchA: 1 } }, { macs: 144, simpleOps: 0 })
  // [4, 2, 3] stands for [2, 4, 3], transposed to [2, 3, 4]
  checkOperator({ ...fused, inputs: ['4x2x3', '2x4x6'], attributes: { transBatchA: 1, transA: 1 } }, { macs: 144 })
})

test('one tensor as both operands is moved once', () => {
  // 9 elements in, 9 out
  checkOperator({ operator: 'MatMul', inputs: ['3x3', '@0'], outputs: ['3x3'] }, { macs: 27, bytes: 72 })
})

// Goes through batch, row, column and depth, as numpy broadcasts.
test('MatMul agrees with counting', () => {
  for (const [batchA, batchB] of [
    [
      [2, 3],
      [2, 3],
    ],
    [
      [1, 3],
      [2, 1],
    ],
    [[], [4]],
    [[2], []],
  ] as const) {
    const rank = Math.max(batchA.length, batchB.length)
    const batch = Array.from({ length: rank }, (_, i) => Math.max(batchA.at(i - rank) ?? 1, batchB.at(i - rank) ?? 1))
    let macs = 0
    for (let b = 0; b < batch.reduce((product, size) => product * size, 1); b++)
      for (let m = 0; m < 3; m++) for (let n = 0; n < 2; n++) for (let k = 0; k < 5; k++) macs++
    checkOperator(
      {
        operator: 'MatMul',
        inputs: [[...batchA, 3, 5].join('x'), [...batchB, 5, 2].join('x')],
        outputs: [[...batch, 3, 2].join('x')],
      },
      { macs },
    )
  }
})

test('a constant side tells the features of the other', () => {
  expect(inputUseFacts({ operator: 'MatMul', inputs: ['?', '!64x10'] })).toEqual({
    axes: [[-1, { meaning: 'features', size: 64 }]],
  })
  expect(inputUseFacts({ operator: 'MatMul', inputs: ['!64x10', '?'] }, 1)).toEqual({
    axes: [[-2, { meaning: 'features', size: 10 }]],
  })
  expect(inputUseFacts({ operator: 'MatMul', inputs: ['?', '?'] })).toBeUndefined()
  const gemm = (attributes = {}) => inputUseFacts({ operator: 'Gemm', inputs: ['?', '!64x10'], attributes })
  expect(gemm()).toEqual({
    rank: 2,
    axes: [
      [1, { meaning: 'features', size: 64 }],
      [0, { meaning: 'batch' }],
    ],
  })
  expect(gemm({ transA: 1, transB: 1 })!.axes).toEqual([
    [0, { meaning: 'features', size: 10 }],
    [1, { meaning: 'batch' }],
  ])
})

test('a sparse product is not counted, and says so', () => {
  checkOperator(
    { operator: 'com.microsoft:SparseToDenseMatMul', inputs: ['?', '4x5'], outputs: ['3x5'] },
    { macs: 0, bytes: 60, note: 'the entries of a sparse matrix lie in the data: the product is not counted' },
  )
})
