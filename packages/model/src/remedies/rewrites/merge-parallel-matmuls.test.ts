import { floatTensor, type ModelParts, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { mergeParallelMatmuls } from './merge-parallel-matmuls.ts'

const ramp = (name: string, shape: readonly number[], from = 0) => {
  const count = shape.reduce((product, size) => product * size, 1)
  return floatTensor(
    name,
    shape,
    Array.from({ length: count }, (_, k) => Math.sin(from + k)),
  )
}
const constants = [
  ramp('wa', [4, 3]),
  ramp('wb', [4, 5], 1),
  ramp('wt', [3, 4], 2),
  ramp('ut', [2, 4], 3),
  ramp('ba', [3], 4),
  ramp('bb', [5], 5),
  ramp('bu', [2], 6),
  ramp('ka', [2, 3, 3, 3], 7),
  ramp('kb', [4, 3, 3, 3], 8),
  ramp('kg', [6, 1, 3, 3], 9),
]
const two = [valueInfo('y', 'float32'), valueInfo('z', 'float32')]
const make = (nodes: ModelParts['nodes'], rest: Partial<ModelParts> = {}) =>
  model({ nodes, inputs: [valueInfo('x', 'float32', ['batch', 4])], outputs: two, initializers: constants, ...rest })
const image = { inputs: [valueInfo('x', 'float32', [1, 3, 6, 6])] }
const products = [node('MatMul', ['x', 'wa'], ['p']), node('MatMul', ['x', 'wb'], ['q'])]
const biased = [...products, node('Add', ['p', 'ba'], ['y']), node('Add', ['bb', 'q'], ['z'])]
const conv = (weights: string, to: string, attributes = {}) =>
  node('Conv', ['x', weights], [to], { pads: [1, 1, 1, 1], ...attributes })

checkRemedy(mergeParallelMatmuls, {
  applies: [
    {
      name: 'two products',
      model: make([node('MatMul', ['x', 'wa'], ['y']), node('MatMul', ['x', 'wb'], ['z'])]),
      operators: ['MatMul', 'Split'],
      changes: /2 MatMuls over shared inputs merged into 1/,
    },
    { name: 'with biases', model: make(biased), operators: ['MatMul', 'Add', 'Split'] },
    {
      name: 'one with a bias, one without',
      model: make([node('MatMul', ['x', 'wa'], ['y']), products[1]!, node('Add', ['q', 'bb'], ['z'])]),
      operators: ['MatMul', 'Add', 'Split'],
    },
    { name: 'below opset 13', model: make(biased, { opset: 11 }), operators: ['MatMul', 'Add', 'Split'] },
    {
      name: 'the same activation behind both',
      model: make([
        ...products,
        node('Add', ['p', 'ba'], ['r']),
        node('Add', ['q', 'bb'], ['s']),
        node('Relu', ['r'], ['y']),
        node('Relu', ['s'], ['z']),
      ]),
      operators: ['MatMul', 'Add', 'Relu', 'Split'],
    },
    {
      name: 'Gemm with transposed weights, beta and biases',
      model: make([
        node('Gemm', ['x', 'wt', 'ba'], ['y'], { transB: 1, beta: 0.5 }),
        node('Gemm', ['x', 'ut', 'bu'], ['z'], { transB: 1, beta: 0.5 }),
      ]),
      operators: ['Gemm', 'Split'],
    },
    { name: 'Conv', model: make([conv('ka', 'y'), conv('kb', 'z')], image), operators: ['Conv', 'Split'], changes: /2 Convs/ },
    {
      name: 'weights shared, three of them',
      model: make([node('MatMul', ['x', 'wa'], ['y']), node('MatMul', ['x', 'wa'], ['z']), node('MatMul', ['x', 'wb'], ['u'])], {
        outputs: [...two, valueInfo('u', 'float32')],
      }),
      operators: ['MatMul', 'Split'],
    },
  ],
  leaves: [
    { name: 'one product', model: make([node('MatMul', ['x', 'wa'], ['y']), node('Neg', ['x'], ['z'])]) },
    {
      name: 'products of two values',
      model: make([node('Neg', ['x'], ['n']), node('MatMul', ['x', 'wa'], ['y']), node('MatMul', ['n', 'wb'], ['z'])]),
    },
    {
      name: 'weights on the left',
      model: make([node('MatMul', ['wt', 'x'], ['y']), node('MatMul', ['ut', 'x'], ['z'])], {
        inputs: [valueInfo('x', 'float32', [4, 3])],
      }),
    },
    { name: 'other strides', model: make([conv('ka', 'y'), conv('kb', 'z', { strides: [2, 2] })], image) },
    { name: 'a grouped Conv', model: make([conv('kg', 'y', { group: 3 }), conv('kg', 'z', { group: 3 })], image) },
    {
      name: 'Gemm with and without transposition',
      model: make([node('Gemm', ['x', 'wa'], ['y']), node('Gemm', ['x', 'wt'], ['z'], { transB: 1 })]),
    },
    {
      name: 'weights that the caller can override',
      model: make([node('MatMul', ['x', 'wa'], ['y']), node('MatMul', ['x', 'wb'], ['z'])], {
        irVersion: 4,
        inputs: [
          valueInfo('x', 'float32', ['batch', 4]),
          ...constants.map(({ name, dims }) => valueInfo(name, 'float32', dims.map(Number))),
        ],
      }),
    },
    {
      name: 'weights that are fed',
      model: make([node('MatMul', ['x', 'w0'], ['y']), node('MatMul', ['x', 'w1'], ['z'])], {
        inputs: ['x', 'w0', 'w1'].map((name) => valueInfo(name, 'float32', [4, 4])),
      }),
    },
  ],
})
