import { expect, test } from 'vitest'
import { checkOperator, inputUseFacts } from '../../test/support/operators/check-operator.ts'

test('numbers in and out', () => {
  checkOperator({ operator: 'ai.onnx.ml:Scaler', inputs: ['4x3'], outputs: ['4x3'] }, { simpleOps: 24, bytes: 96 })
  // absolute value or square, and add; a division each, a root per row
  checkOperator(
    { operator: 'ai.onnx.ml:Normalizer', inputs: ['4x3'], outputs: ['4x3'], attributes: { norm: 'L2' } },
    { simpleOps: 24, specialOps: 16 },
  )
  checkOperator({ operator: 'ai.onnx.ml:LabelEncoder', inputs: ['string:4'], outputs: ['int64:4'] }, { simpleOps: 4 })
})

test('maps', () => {
  checkOperator({ operator: 'ai.onnx.ml:ZipMap', inputs: ['4x2'], outputs: ['?'] }, { macs: 0, simpleOps: 0, bytes: 32 })
})

test('a number for each feature tells how many there are', () => {
  const scaler = (offset: readonly number[]) =>
    inputUseFacts({ operator: 'ai.onnx.ml:Scaler', inputs: ['?'], attributes: { offset } })
  expect(scaler([1, 2, 3])).toEqual({ axes: [[-1, { meaning: 'features', size: 3 }]], passes: 'same' })
  expect(scaler([1])).toEqual({ axes: [], passes: 'same' })
})
