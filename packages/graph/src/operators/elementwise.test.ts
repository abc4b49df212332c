import { expect, test } from 'vitest'
import { checkOperator, inputUseFacts, nodeContext } from '../../test/support/operators/check-operator.ts'
import { estimateCost } from './index.ts'

test('a broadcast operand is read at its own size', () => {
  // 12 additions; 12 + 4 + 12 elements
  checkOperator(
    { operator: 'Add', inputs: ['3x4', '!4'], outputs: ['3x4'] },
    { simpleOps: 12, specialOps: 0, bytes: 112, weightBytes: 16, movesDataOnly: false },
  )
  // x * x reads x once
  const squared = { operator: 'Mul', inputs: ['3x4', '@0'], outputs: ['3x4'] }
  checkOperator(squared, { bytes: 96 })
})

test('special functions', () => {
  for (const operator of ['Div', 'Sqrt', 'Exp', 'Log', 'Sin', 'Reciprocal']) {
    checkOperator({ operator, inputs: ['3x4'], outputs: ['3x4'] }, { simpleOps: 0, specialOps: 12 })
  }
})

test('Pow with a small whole exponent is multiplications', () => {
  checkOperator({ operator: 'Pow', inputs: ['3x4', '!float32:=2'], outputs: ['3x4'] }, { simpleOps: 12, specialOps: 0 })
  checkOperator({ operator: 'Pow', inputs: ['3x4', '!float32:=3'], outputs: ['3x4'] }, { simpleOps: 24, specialOps: 0 })
  checkOperator({ operator: 'Pow', inputs: ['3x4', '!float32:=0.7'], outputs: ['3x4'] }, { simpleOps: 0, specialOps: 12 })
  checkOperator({ operator: 'Pow', inputs: ['3x4', '4'], outputs: ['3x4'] }, { specialOps: 12 })
})

test('functions whose rate is measured', () => {
  const evaluates = (operator: string, inputs = ['3x4'], outputs = ['3x4']) => {
    const result = estimateCost(nodeContext({ operator, inputs, outputs }))
    return result.known ? result.cost.functions : result.reason
  }
  expect(evaluates('Div', ['3x4', '3x4'])).toEqual({ division: 12 })
  expect(evaluates('Reciprocal')).toEqual({ division: 12 })
  expect(evaluates('Log')).toEqual({ log: 12 })
  expect(evaluates('Tan')).toBeUndefined()
  // Roots and known fractions; whole exponents, and those that only the run knows, may be multiplied.
  expect(evaluates('Pow', ['3x4', '!float32:=0.5'])).toEqual({ sqrt: 12 })
  expect(evaluates('Pow', ['3x4', '!float32:=0.7'])).toEqual({ power: 12 })
  expect(evaluates('Pow', ['3x4', '!float32:=4'])).toBeUndefined()
  expect(evaluates('Pow', ['3x4', '4'])).toBeUndefined()
})

test('any number of inputs', () => {
  checkOperator({ operator: 'Sum', inputs: ['3x4', '3x4', '3x4'], outputs: ['3x4'] }, { simpleOps: 24 })
  checkOperator({ operator: 'Mean', inputs: ['3x4', '3x4', '3x4'], outputs: ['3x4'] }, { simpleOps: 36 })
  checkOperator({ operator: 'Max', inputs: ['3x4'], outputs: ['3x4'] }, { simpleOps: 0 })
})

test('Where and Cast at their own sizes', () => {
  // condition 12 B, 48 + 4 + 48
  checkOperator({ operator: 'Where', inputs: ['bool:3x4', '3x4', ''], outputs: ['3x4'] }, { simpleOps: 12, bytes: 112 })
  // int64 96 B to float16 24 B
  checkOperator(
    { operator: 'Cast', inputs: ['int64:3x4'], outputs: ['float16:3x4'] },
    { simpleOps: 12, bytes: 120, movesDataOnly: true },
  )
})

test('8-bit arithmetic goes through float', () => {
  // 12 * (2 * 2 + 1 + 3); 36 bytes, three scales, three zero points
  checkOperator(
    {
      operator: 'com.microsoft:QLinearAdd',
      inputs: ['uint8:3x4', '', 'uint8:', 'uint8:3x4', '', 'uint8:', '', 'uint8:'],
      outputs: ['uint8:3x4'],
    },
    { simpleOps: 96, bytes: 51, arithmetic: 'float32' },
  )
  checkOperator(
    {
      operator: 'com.microsoft:QLinearWhere',
      inputs: ['bool:3x4', 'uint8:3x4', '', 'uint8:', 'uint8:3x4'],
      outputs: ['uint8:3x4'],
    },
    { simpleOps: 24 },
  )
})

test('a constant operand fixes the axes on which it is longer than 1; one number is what a value is compared with', () => {
  expect(inputUseFacts({ operator: 'Add', inputs: ['2x3x4', '!3x1'] })).toEqual({ axes: [[-2, { size: 3 }]], passes: [0, 1, 2] })
  expect(inputUseFacts({ operator: 'Add', inputs: ['!5x1x4', '4'] }, 1)).toEqual({
    axes: [
      [-3, { size: 5 }],
      [-1, { size: 4 }],
    ],
    passes: [null, null, 0],
  })
  expect(inputUseFacts({ operator: 'Mul', inputs: ['3', '@0'] }, 1)).toEqual({ passes: 'same' })
  expect(inputUseFacts({ operator: 'Sub', inputs: ['3', '3'] })).toBeUndefined()
  expect(inputUseFacts({ operator: 'Sqrt', inputs: ['?'] })).toEqual({ passes: 'same' })
  expect(inputUseFacts({ operator: 'Equal', inputs: ['?', '!int64:=16000'] })).toEqual({ comparedWith: 16000 })
})

test('what is compared with each of 0, 1, 2 … is a class of as many', () => {
  const compare = (numbers: string) => inputUseFacts({ operator: 'Equal', inputs: ['1x64x1', numbers] })
  expect(compare('!int32:1x1x257')).toEqual({ tableRows: 257 })
  expect(compare('!int32:8=0,1,2,3,4,5,6,7')).toEqual({ tableRows: 8 })
  expect(compare('!int32:8=0,1,2,3,4,5,6,9')).toBeUndefined()
  expect(compare('!int32:7=0,1,2,3,4,5,6')).toBeUndefined()
  expect(compare('!int32:64x257')).toBeUndefined()
})

test('deprecated and gated scales', () => {
  const image = { operator: 'ImageScaler', inputs: ['1x3x2x2'], outputs: ['1x3x2x2'], attributes: { bias: [1, 2, 3], scale: 2 } }
  checkOperator(image, { simpleOps: 24, bytes: 96 })
  expect(inputUseFacts(image)).toMatchObject({ rank: 4, axes: expect.arrayContaining([[1, { meaning: 'channels', size: 3 }]]) })
  checkOperator({ operator: 'Scale', inputs: ['3x4'], outputs: ['3x4'] }, { simpleOps: 12 })
  checkOperator(
    { operator: 'com.microsoft:GatedAdd', inputs: ['3x4', '3x4', '3x1'], outputs: ['3x4'] },
    { simpleOps: 24, bytes: 156 },
  )
})
