import { test } from 'vitest'
import { checkOperator } from '../../test/support/operators/check-operator.ts'
import type { Cost } from './types.ts'

test.each([
  ['Relu', 1, 0],
  ['LeakyRelu', 2, 0],
  ['HardSigmoid', 4, 0],
  ['HardSwish', 5, 0],
  ['Elu', 3, 1],
  ['Sigmoid', 2, 2],
  ['Tanh', 0, 1],
  ['Erf', 0, 1],
  ['Softplus', 1, 2],
  ['Mish', 2, 3],
  ['Swish', 4, 2],
  ['Gelu', 4, 1],
  ['com.microsoft:Gelu', 4, 1],
  ['com.microsoft:QuickGelu', 4, 2],
  ['com.microsoft:FastGelu', 7, 1],
])('%s: %d simple and %d special per element', (operator, simple, special) => {
  // 12 elements in, 12 out
  checkOperator({ operator, inputs: ['3x4'], outputs: ['3x4'] }, { simpleOps: 12 * simple, specialOps: 12 * special, bytes: 96 })
})

test.each<[string, Cost['functions']]>([
  ['Relu', undefined],
  ['Sigmoid', { sigmoid: 12 }],
  ['com.microsoft:QuickGelu', { sigmoid: 12 }],
  ['Gelu', { erf: 12 }],
  ['com.microsoft:FastGelu', { tanh: 12 }],
  ['Elu', { exp: 12 }],
  ['Softplus', { exp: 12, log: 12 }],
])('%s evaluates %o', (operator, functions) => {
  checkOperator({ operator, inputs: ['3x4'], outputs: ['3x4'] }, { functions } as Partial<Cost>)
})

test('a fused bias is one addition more', () => {
  // 12 * (4 + 1); the bias 4 elements
  checkOperator(
    { operator: 'com.microsoft:BiasGelu', inputs: ['3x4', '!4'], outputs: ['3x4'] },
    { simpleOps: 60, specialOps: 12, bytes: 112, weightBytes: 16 },
  )
  checkOperator({ operator: 'com.microsoft:FastGelu', inputs: ['3x4', '4'], outputs: ['3x4'] }, { simpleOps: 96 })
  // bias 24, Gelu of half 12 * 4, product 12
  checkOperator(
    { operator: 'com.microsoft:BiasSplitGelu', inputs: ['3x8', '8'], outputs: ['3x4'] },
    { simpleOps: 84, specialOps: 12 },
  )
})

test('Gelu by tanh', () => {
  checkOperator(
    { operator: 'Gelu', inputs: ['3x4'], outputs: ['3x4'], attributes: { approximate: 'tanh' } },
    { simpleOps: 84, specialOps: 12 },
  )
})

test('8-bit functions are look-ups', () => {
  for (const operator of ['com.microsoft:QLinearSigmoid', 'com.microsoft:QLinearLeakyRelu']) {
    // 12 + 12 bytes, two scales and two zero points
    checkOperator(
      { operator, inputs: ['uint8:3x4', '', 'uint8:', '', 'uint8:'], outputs: ['uint8:3x4'] },
      { simpleOps: 12, specialOps: 0, bytes: 34, arithmetic: 'int8' },
    )
  }
})

test('a deprecated softplus and a gate', () => {
  checkOperator({ operator: 'ParametricSoftplus', inputs: ['3x4'], outputs: ['3x4'] }, { simpleOps: 36, specialOps: 24 })
  checkOperator({ operator: 'SwiGLU', inputs: ['3x4', '3x4'], outputs: ['3x4'] }, { simpleOps: 60, specialOps: 24, bytes: 144 })
})
