import { model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { softmaxOfTwo } from './softmax-of-two.ts'

interface Given {
  readonly axis?: number
  readonly classes?: number
  readonly opset?: number
  readonly dtype?: 'float32' | 'float64'
}

const of = ({ axis, classes = 2, opset = 17, dtype = 'float32' }: Given = {}) =>
  model({
    nodes: [node('Softmax', ['x'], ['y'], axis === undefined ? {} : { axis })],
    inputs: [valueInfo('x', dtype, [1, 'boxes', classes])],
    outputs: [valueInfo('y', dtype, [1, 'boxes', classes])],
    opset,
  })

checkRemedy(softmaxOfTwo, {
  applies: [
    {
      name: 'over the last axis, which is the usual one',
      model: of(),
      operators: ['MatMul', 'Sigmoid'],
      changes: /^1 Softmax over two classes as a sigmoid of their difference$/,
    },
    { name: 'named as the last axis, before opset 13', model: of({ axis: 2, opset: 11 }), operators: ['MatMul', 'Sigmoid'] },
  ],
  leaves: [
    { name: 'three classes', model: of({ classes: 3 }) },
    { name: 'another axis', model: of({ axis: 1 }) },
    { name: 'all axes from the first on, before opset 13', model: of({ opset: 11 }) },
    { name: 'other numbers than float32', model: of({ dtype: 'float64' }) },
  ],
})
