import { model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { softmaxOverOuterAxis } from './softmax-over-outer-axis.ts'

interface Given {
  readonly axis?: number
  readonly shape?: readonly (number | string)[]
  readonly opset?: number
  readonly opType?: string
  readonly dtype?: 'float32' | 'float64'
}

const of = ({ axis = 1, shape = [1, 16, 4, 21], opset = 17, opType = 'Softmax', dtype = 'float32' }: Given = {}) =>
  model({
    nodes: [node({ opType, name: 'one' }, ['x'], ['y'], { axis })],
    inputs: [valueInfo('x', dtype, [...shape])],
    outputs: [valueInfo('y', dtype, [...shape])],
    opset,
  })
const fixed = ['Reshape', 'Softmax', 'Reshape']

checkRemedy(softmaxOverOuterAxis, {
  applies: [
    { name: 'classes before height and width', model: of(), operators: fixed, changes: /^1 Softmax over an outer axis/ },
    { name: 'counted from the end', model: of({ axis: -3 }), operators: fixed },
    { name: 'the first axis, of doubles', model: of({ axis: 0, shape: [3, 4, 5], dtype: 'float64' }), operators: fixed },
    { name: 'one free size behind it, and a free batch', model: of({ shape: ['n', 3, 'h', 5] }), operators: fixed },
    {
      name: 'several free sizes behind it',
      model: of({ shape: ['n', 3, 'h', 'w'] }),
      operators: ['Reshape', 'Softmax', 'Shape', 'Reshape'],
    },
    { name: 'its logarithm', model: of({ opType: 'LogSoftmax', opset: 13 }), operators: ['Reshape', 'LogSoftmax', 'Reshape'] },
  ],
  leaves: [
    { name: 'the last axis', model: of({ axis: -1 }) },
    { name: 'one axis behind it', model: of({ axis: 2 }) },
    { name: 'one axis behind it that has more than one element', model: of({ shape: [1, 16, 21, 1] }) },
    { name: 'all axes from it on, before opset 13', model: of({ opset: 12 }) },
  ],
})
