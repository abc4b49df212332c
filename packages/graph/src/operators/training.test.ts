import { test } from 'vitest'
import { checkOperator } from '../../test/support/operators/check-operator.ts'

test('a step of training per weight', () => {
  const domain = 'ai.onnx.preview.training'
  // rate, step, weights of 6, their gradients and what is kept
  const inputs = ['', 'int64:', '2x3', '2x3', '2x3']
  checkOperator({ operator: `${domain}:Momentum`, inputs, outputs: ['2x3', '2x3'] }, { simpleOps: 30, specialOps: 0 })
  checkOperator({ operator: `${domain}:Adagrad`, inputs, outputs: ['2x3', '2x3'] }, { simpleOps: 30, specialOps: 12 })
  // two tensors of 6 and 4
  checkOperator(
    { operator: `${domain}:Adam`, inputs, outputs: ['2x3', '4', '2x3', '4', '2x3', '4'] },
    { simpleOps: 100, specialOps: 20 },
  )
  checkOperator({ operator: `${domain}:Gradient`, inputs: ['3'], outputs: ['3'] }, { simpleOps: 0, bytes: 24 })
})
