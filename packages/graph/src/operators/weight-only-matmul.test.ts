import { expect, test } from 'vitest'
import { checkOperator, reasonUnknown } from '../../test/support/operators/check-operator.ts'

test('MatMulNBits takes K and N from its attributes', () => {
  // a 2x100, K = 100, N = 6, blocks of 32: 4 a column, 24 in all. MACs 2 * 6 * 100 = 1200; dequantize 600, zero points 600 more.
  // bytes: a 800, b 24 * 16 = 384, scales 96, zero points 12, y 48
  const node = {
    operator: 'com.microsoft:MatMulNBits',
    inputs: ['2x100', '!uint8:6x4x16', '!24', '!uint8:12'],
    outputs: ['2x6'],
    attributes: { K: 100, N: 6, bits: 4, block_size: 32 },
  }
  checkOperator(node, { macs: 1200, simpleOps: 1200, bytes: 1340, weightBytes: 492, arithmetic: 'float32' })
  checkOperator({ ...node, attributes: { ...node.attributes, accuracy_level: 4 } }, { arithmetic: 'int8' })
  expect(reasonUnknown({ ...node, attributes: {} })).toContain('no K, N or block_size')
})

test('MatMulBnb4 and MatMulFpQ4', () => {
  // 3 * 5 * 7 = 105 MACs, 35 weights in 18 bytes: a 84, b 18, absmax 4, y 60
  checkOperator(
    {
      operator: 'com.microsoft:MatMulBnb4',
      inputs: ['3x7', '!uint8:18', '!1'],
      outputs: ['3x5'],
      attributes: { K: 7, N: 5, block_size: 64 },
    },
    { macs: 105, simpleOps: 70, bytes: 166 },
  )
  checkOperator(
    { operator: 'com.microsoft:MatMulFpQ4', inputs: ['3x7', '!uint8:40', '!int64:2=7,5'], outputs: ['3x5'] },
    { macs: 105, simpleOps: 35 },
  )
})
