import { floatTensor, int64Tensor, type ModelParts, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { fuseSkipLayerNorm } from './fuse-skip-layer-norm.ts'

const type = ['batch', 'length', 4]
const constants = [floatTensor('scale', [4], [1, 2, 3, 4]), floatTensor('bias', [4], [0.1, 0.2, 0.3, 0.4])]
const make = (nodes: ModelParts['nodes'], rest: Partial<ModelParts> = {}) =>
  model({
    nodes,
    inputs: [valueInfo('a', 'float32', type), valueInfo('b', 'float32', type)],
    outputs: [valueInfo('y', 'float32', type)],
    initializers: constants,
    ...rest,
  })
const add = node('Add', ['a', 'b'], ['s'])
const norm = node('LayerNormalization', ['s', 'scale', 'bias'], ['y'], { epsilon: 1e-4 })
const both = [valueInfo('y', 'float32', type), valueInfo('z', 'float32', type)]
const readTwice = [add, norm, node('Neg', ['s'], ['z'])]

checkRemedy(fuseSkipLayerNorm, {
  applies: [
    { name: 'the sum is read by the norm alone', model: make([add, norm]), operators: ['SkipLayerNormalization'] },
    {
      name: 'others read the sum too',
      model: make(readTwice, { outputs: both }),
      operators: ['SkipLayerNormalization', 'Neg'],
      changes: /1 residual sum computed within/,
    },
    {
      name: 'the sum is an output',
      model: make([add, norm], { outputs: [valueInfo('y', 'float32', type), valueInfo('s', 'float32', type)] }),
      operators: ['SkipLayerNormalization'],
    },
    {
      name: 'without bias, last axis by its number',
      model: make([add, node('LayerNormalization', ['s', 'scale'], ['y'], { axis: 2 })]),
      operators: ['SkipLayerNormalization'],
    },
    {
      name: 'RMS normalization',
      model: make([add, node('SimplifiedLayerNormalization', ['s', 'scale'], ['y'], { axis: -1, epsilon: 1e-5 })]),
      operators: ['SkipSimplifiedLayerNormalization'],
    },
    {
      name: 'shapes that follow from products and reshapes',
      model: make(
        [
          node('MatMul', ['a', 'w'], ['p']),
          node('Reshape', ['p', 'split'], ['q']),
          node('Reshape', ['q', 'join'], ['r']),
          node('Add', ['r', 'b'], ['s']),
          norm,
        ],
        {
          initializers: [
            ...constants,
            floatTensor(
              'w',
              [4, 4],
              Array.from({ length: 16 }, (_, k) => k / 16),
            ),
            int64Tensor('split', [4], [0, 0, 2, 2]),
            int64Tensor('join', [3], [0, -1, 4]),
          ],
        },
      ),
      operators: ['MatMul', 'Reshape', 'Reshape', 'SkipLayerNormalization'],
    },
  ],
  leaves: [
    {
      name: 'one summand is broadcast',
      model: make([add, norm], { inputs: [valueInfo('a', 'float32', type), valueInfo('b', 'float32', ['batch', 1, 4])] }),
    },
    {
      name: 'lengths that need not be equal',
      model: make([add, norm], { inputs: [valueInfo('a', 'float32', type), valueInfo('b', 'float32', ['batch', 'other', 4])] }),
    },
    { name: 'a constant is added', model: make([node('Add', ['a', 'bias'], ['s']), norm]) },
    {
      name: 'two axes are normalized',
      model: make([add, node('LayerNormalization', ['s', 'scale2'], ['y'], { axis: 1 })], {
        inputs: ['a', 'b'].map((name) => valueInfo(name, 'float32', ['batch', 3, 4])),
        initializers: [
          floatTensor(
            'scale2',
            [3, 4],
            Array.from({ length: 12 }, (_, k) => k),
          ),
        ],
      }),
    },
    {
      name: 'four dimensions',
      model: make([add, norm], {
        inputs: ['a', 'b'].map((name) => valueInfo(name, 'float32', [...type.slice(0, 2), 2, 4])),
        outputs: [valueInfo('y', 'float32')],
      }),
    },
    { name: 'no sum', model: make([node('Sub', ['a', 'b'], ['s']), norm]) },
  ],
})
