import { expect, test } from 'vitest'
import { checkOperator, inputUseFacts, reasonUnknown } from '../../test/support/operators/check-operator.ts'

test('linear models', () => {
  // 4 rows, 3 features, 2 classes: 24 MACs, 8 intercepts; softmax on 8 scores in 4 rows: 32 and 12. Weights (6 + 2) * 4 = 32 B,
  // x 48, labels 32, scores 32
  const node = {
    operator: 'ai.onnx.ml:LinearClassifier',
    inputs: ['4x3'],
    outputs: ['int64:4', '4x2'],
    attributes: { coefficients: [1, 2, 3, 4, 5, 6], intercepts: [1, 2], post_transform: 'SOFTMAX' },
  }
  checkOperator(node, { macs: 24, simpleOps: 40, specialOps: 12, bytes: 144, weightBytes: 32 })
  checkOperator(
    { operator: 'ai.onnx.ml:LinearRegressor', inputs: ['4x3'], outputs: ['4x1'], attributes: { coefficients: [1, 2, 3] } },
    { macs: 12, simpleOps: 0 },
  )
  expect(reasonUnknown({ ...node, attributes: {} })).toContain('no coefficients')
})

test('support vectors', () => {
  // RBF: 2 rows * 5 vectors * 3 features = 30 MACs, decision 2 * 5 = 10; (3 + 1) simple and an exp for each of 10 kernels
  checkOperator(
    {
      operator: 'ai.onnx.ml:SVMRegressor',
      inputs: ['2x3'],
      outputs: ['2x1'],
      attributes: { n_supports: 5, coefficients: [1, 2, 3, 4, 5], kernel_type: 'RBF' },
    },
    { macs: 40, simpleOps: 40, specialOps: 10, weightBytes: 80 },
  )
  // 2 + 3 vectors of two classes, linear kernel
  checkOperator(
    {
      operator: 'ai.onnx.ml:SVMClassifier',
      inputs: ['2x3'],
      outputs: ['int64:2', '2x2'],
      attributes: { vectors_per_class: [2, 3], coefficients: [1, 2, 3, 4, 5] },
    },
    { macs: 40, specialOps: 0 },
  )
  // no support vectors: a linear model
  checkOperator(
    {
      operator: 'ai.onnx.ml:SVMClassifier',
      inputs: ['2x3'],
      outputs: ['int64:2', '2x2'],
      attributes: { coefficients: [1, 2, 3] },
    },
    { macs: 6 },
  )
})

test('coefficients tell the features', () => {
  const attributes = { coefficients: [1, 2, 3, 4, 5, 6], intercepts: [0, 0] }
  expect(inputUseFacts({ operator: 'ai.onnx.ml:LinearClassifier', inputs: ['?'], attributes })).toEqual({
    axes: [[-1, { meaning: 'features', size: 3 }]],
  })
})
