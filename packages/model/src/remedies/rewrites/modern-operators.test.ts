import { attribute, floatTensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { modernOperators } from './modern-operators.ts'

type Nodes = Parameters<typeof model>[0]['nodes']

/** From x to y, 3 channels of 6x8. */
const of = (nodes: Nodes, opset = 9, more: Partial<Parameters<typeof model>[0]> = {}) =>
  model({
    nodes,
    inputs: [valueInfo('x', 'float32', ['n', 3, 6, 8])],
    outputs: [valueInfo('y', 'float32', ['n', 3, 'h', 'w'])],
    opset,
    ...more,
  })

const oldUpsample = node('Upsample', ['x'], ['y'], { mode: 'nearest' })
oldUpsample.attribute.push(attribute('scales', { floats: [1, 1, 2, 2] }))

checkRemedy(modernOperators, {
  applies: [
    {
      name: 'Crop: borders, left, top, right, bottom',
      model: of([node('Crop', ['x'], ['y'], { border: [1, 2, 3, 0] })], 7),
      operators: ['Slice'],
      changes: /^1 Crop by operators that took over$/,
    },
    {
      name: 'Crop to a size',
      model: of([node('Crop', ['x'], ['y'], { border: [1, 2, 0, 0], scale: [3, 4] })]),
      operators: ['Slice'],
    },
    {
      name: 'ImageScaler: a factor and a sum by channel',
      model: of([node('ImageScaler', ['x'], ['y'], { scale: 0.25, bias: { floats: [-1.5, 2, 0.125] } })]),
      operators: ['Mul', 'Add'],
    },
    {
      name: 'ImageScaler without a factor',
      model: of([node('ImageScaler', ['x'], ['y'], { bias: { floats: [-1.5, 2, 0.125] } })]),
      operators: ['Add'],
    },
    {
      name: 'Affine, ScaledTanh and ParametricSoftplus',
      model: of([
        node('Affine', ['x'], ['a'], { alpha: 0.5, beta: { float: 2 } }),
        node('ScaledTanh', ['a'], ['t'], { alpha: 1.5, beta: 0.75 }),
        node('ParametricSoftplus', ['t'], ['y'], { alpha: 1.25, beta: 2.5 }),
      ]),
      operators: ['Mul', 'Add', 'Mul', 'Tanh', 'Mul', 'Mul', 'Softplus', 'Mul'],
    },
    {
      name: 'Upsample to the nearest, factors as attribute: Resize, and the whole model of a newer opset',
      model: of([oldUpsample], 7),
      operators: ['Resize'],
      changes: /^1 Upsample by operators that took over, written for opset 13$/,
    },
    {
      name: 'Upsample between pixels, factors as input, and a Crop behind',
      model: of(
        [node('Upsample', ['x', 'f'], ['u'], { mode: 'linear' }), node('Crop', ['u'], ['y'], { border: [1, 1, 1, 1] })],
        9,
        { initializers: [floatTensor('f', [4], [1, 1, 2.5, 1.5])] },
      ),
      operators: ['Resize', 'Slice'],
      changes: /^1 Crop, 1 Upsample by/,
    },
  ],
  leaves: [
    { name: 'nothing that was given up', model: of([node('Relu', ['x'], ['y'])]) },
    {
      name: 'Upsample in a model whose opset cannot be raised',
      model: of([node('Dropout', ['x'], ['d', 'mask']), node('Upsample', ['d', 'f'], ['y'], { mode: 'nearest' })], 9, {
        initializers: [floatTensor('f', [4], [1, 1, 2, 2])],
        outputs: [valueInfo('y', 'float32', ['n', 3, 'h', 'w']), valueInfo('mask', 'float32', ['n', 3, 6, 8])],
      }),
    },
  ],
})
