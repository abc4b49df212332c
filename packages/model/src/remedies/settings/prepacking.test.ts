import { floatTensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { prepacking } from './prepacking.ts'

const matmul = model({
  nodes: [node('MatMul', ['x', 'w'], ['y'])],
  inputs: [valueInfo('x', 'float32', [2, 3])],
  outputs: [valueInfo('y', 'float32', [2, 2])],
  initializers: [floatTensor('w', [3, 2], [1, 2, 3, 4, 5, 6])],
  opset: 17,
})

checkRemedy(prepacking, {
  applies: [{ name: 'a matrix that is packed', model: matmul, changes: /^session\.disable_prepacking = 1: / }],
  leaves: [
    { name: 'set already', model: matmul, setup: { options: { configEntries: { 'session.disable_prepacking': '1' } } } },
    { name: 'a version that is not known', model: matmul, evidence: { engine: { id: 'ort-cpu', version: '1' } } },
  ],
})
