import { expect, test } from 'vitest'
import { checkOperator, reasonUnknown } from '../../test/support/operators/check-operator.ts'

// 3 tokens of width 8, 4 experts with 5 inside, 2 asked: 6 visits of two products with 40 weights.
const moe = {
  operator: 'com.microsoft:MoE',
  inputs: ['3x8', '3x4', '!4x5x8', '!4x5', '!4x8x5', '!4x8'],
  outputs: ['3x8'],
  attributes: { k: 2, activation_type: 'gelu' },
}

test('each token goes through k experts', () => {
  // gelu 4 + 1 per number inside; biases 5 + 8; joined 8; routing: a softmax of 3 rows of 4
  const simpleOps = 6 * (5 * 4 + 13 + 8) + 12 * 4
  // half of the experts at 4 * (5 * 8 + 5 + 8 * 5 + 8) = 372 bytes each; x, y and router
  const bytes = 2 * 372 + 96 + 96 + 48
  checkOperator(moe, {
    macs: 6 * 80,
    simpleOps,
    specialOps: 6 * 5 + 12 + 3,
    functions: { erf: 30, exp: 12 },
    bytes,
    weightBytes: 744,
  })
})

test('a gate fused into the first product doubles it, one beside it is a third product', () => {
  const attributes = { k: 2, activation_type: 'swiglu' }
  checkOperator({ ...moe, inputs: ['3x8', '3x4', '!4x10x8', '-', '!4x8x5'], attributes }, { macs: 6 * (80 + 40) })
  checkOperator({ ...moe, inputs: ['3x8', '3x4', '!4x5x8', '-', '!4x8x5', '-', '!4x5x8'], attributes }, { macs: 6 * 120 })
})

test('quantized weights are dequantized once for each expert that is asked', () => {
  // 4 bits: two a byte
  const inputs = ['3x8', '3x4', '!uint8:4x6x4', '!4x6', '-', '!uint8:4x8x3', '!4x8']
  // routing 48, 6 visits of 6 relu + 8; 2 experts of 96 weights
  checkOperator(
    { operator: 'com.microsoft:QMoE', inputs, outputs: ['3x8'], attributes: { k: 2 } },
    { macs: 6 * 96, simpleOps: 48 + 6 * 14 + 2 * 96 * 2, weightBytes: 2 * (24 + 24 + 24 + 32) },
  )
})

test('an activation that is not known', () => {
  expect(reasonUnknown({ ...moe, attributes: { activation_type: 'odd' } })).toContain("'odd'")
})
