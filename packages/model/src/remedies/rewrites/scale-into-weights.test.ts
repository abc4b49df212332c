import { floatTensor, type ModelParts, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { transformerBlocks } from '@whyslow/graph/support/example-transformer.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { scaleIntoWeights } from './scale-into-weights.ts'

const ramp = (name: string, shape: readonly number[], from = 0) => {
  const count = shape.reduce((product, size) => product * size, 1)
  return floatTensor(
    name,
    shape,
    Array.from({ length: count }, (_, k) => 1.5 + Math.sin(from + k)),
  )
}
const constants = [
  ramp('w', [4, 3]),
  ramp('wt', [3, 4], 1),
  ramp('b', [3], 2),
  ramp('rows', [4], 3),
  ramp('columns', [3], 4),
  ramp('k', [6, 2, 3, 3], 5),
  ramp('kb', [6], 6),
  ramp('in_channels', [4, 1, 1], 7),
  ramp('out_channels', [1, 6, 1, 1], 8),
  ramp('pixels', [8], 9),
  floatTensor('number', [], [0.25]),
  floatTensor('zeros', [3], [1, 0, 2]),
  floatTensor('tiny', [], [1e-38]),
  ramp('ranks', [1, 1, 3], 10),
]
const make = (nodes: ModelParts['nodes'], rest: Partial<ModelParts> = {}) =>
  model({
    nodes,
    inputs: [valueInfo('x', 'float32', ['batch', 4])],
    outputs: [valueInfo('y', 'float32')],
    initializers: constants,
    ...rest,
  })
const image = { inputs: [valueInfo('x', 'float32', [2, 4, 8, 8])] }
const product = node('MatMul', ['x', 'w'], ['p'])
const sum = node('Add', ['p', 'b'], ['s'])

checkRemedy(scaleIntoWeights, {
  applies: [
    {
      name: 'a factor for each column',
      model: make([product, node('Mul', ['p', 'columns'], ['y'])]),
      operators: ['MatMul'],
      changes: /^1 node \(Mul\) folded/,
    },
    {
      name: 'behind the bias, divided',
      model: make([product, sum, node('Div', ['s', 'columns'], ['y'])]),
      operators: ['MatMul', 'Add'],
    },
    {
      name: 'a factor for each row',
      model: make([node('Mul', ['rows', 'x'], ['r']), node('MatMul', ['r', 'w'], ['y'])]),
      operators: ['MatMul'],
    },
    {
      name: 'standardization in front of a product with a bias',
      model: make([
        node('Sub', ['x', 'rows'], ['c']),
        node('Div', ['c', 'rows'], ['r']),
        node('MatMul', ['r', 'w'], ['p']),
        node('Add', ['p', 'b'], ['y']),
      ]),
      operators: ['MatMul', 'Add'],
      changes: /^2 nodes \(Div, Sub\)/,
    },
    {
      name: 'standardization in front of Gemm with transposed weights and no bias',
      model: make([
        node('Add', ['x', 'rows'], ['c']),
        node('Mul', ['c', 'number'], ['r']),
        node('Gemm', ['r', 'wt'], ['y'], { transB: 1 }),
      ]),
      operators: ['Gemm'],
    },
    {
      name: 'Gemm with alpha and beta, scaled',
      model: make([node('Gemm', ['x', 'w', 'b'], ['g'], { alpha: 0.5, beta: 2.5 }), node('Mul', ['g', 'columns'], ['y'])]),
      operators: ['Gemm'],
    },
    {
      name: 'channels into a Conv of two groups',
      model: make(
        [node('Mul', ['x', 'in_channels'], ['r']), node('Conv', ['r', 'k', 'kb'], ['y'], { group: 2, pads: [1, 1, 1, 1] })],
        image,
      ),
      operators: ['Conv'],
    },
    {
      name: 'channels behind a Conv with a bias',
      model: make([node('Conv', ['x', 'k', 'kb'], ['c'], { group: 2 }), node('Mul', ['c', 'out_channels'], ['y'])], image),
      operators: ['Conv'],
    },
    {
      name: 'a shift in front of a Conv of two groups without padding',
      model: make([node('Sub', ['x', 'in_channels'], ['r']), node('Conv', ['r', 'k'], ['y'], { group: 2 })], image),
      operators: ['Conv'],
    },
    {
      name: 'two readers, both linear',
      model: make(
        [node('Mul', ['x', 'rows'], ['r']), node('MatMul', ['r', 'w'], ['y']), node('Gemm', ['r', 'wt'], ['z'], { transB: 1 })],
        { outputs: [valueInfo('y', 'float32'), valueInfo('z', 'float32')] },
      ),
      operators: ['MatMul', 'Gemm'],
    },
  ],
  leaves: [
    { name: 'the half of a GELU and the bias of a norm, whose operators the engine knows', model: transformerBlocks() },
    {
      name: 'the product is an output too',
      model: make([product, node('Mul', ['p', 'columns'], ['y'])], {
        outputs: [valueInfo('y', 'float32'), valueInfo('p', 'float32')],
      }),
    },
    {
      name: 'the weights have a second reader',
      model: make([product, node('Mul', ['p', 'columns'], ['y']), node('Neg', ['w'], ['z'])], {
        outputs: [valueInfo('y', 'float32'), valueInfo('z', 'float32')],
      }),
    },
    {
      name: 'another reader is not linear',
      model: make([node('Mul', ['x', 'rows'], ['r']), node('MatMul', ['r', 'w'], ['y']), node('Neg', ['r'], ['z'])], {
        outputs: [valueInfo('y', 'float32'), valueInfo('z', 'float32')],
      }),
    },
    {
      name: 'a shift in front of padding',
      model: make(
        [node('Sub', ['x', 'in_channels'], ['r']), node('Conv', ['r', 'k'], ['y'], { group: 2, pads: [1, 1, 1, 1] })],
        image,
      ),
    },
    {
      name: 'a factor for each pixel',
      model: make([node('Mul', ['x', 'pixels'], ['r']), node('Conv', ['r', 'k'], ['y'], { group: 2 })], image),
    },
    { name: 'a constant of higher rank', model: make([product, node('Mul', ['p', 'ranks'], ['y'])]) },
    { name: 'divided by zero', model: make([product, node('Div', ['p', 'zeros'], ['y'])]) },
    { name: 'weights would become subnormal', model: make([product, node('Mul', ['p', 'tiny'], ['y'])]) },
    {
      name: 'a shift in front of a product without bias',
      model: make([node('Sub', ['x', 'rows'], ['r']), node('MatMul', ['r', 'w'], ['y'])]),
    },
    {
      name: 'a factor that is fed',
      model: make([product, node('Mul', ['p', 'f'], ['y'])], {
        inputs: [valueInfo('x', 'float32', ['batch', 4]), valueInfo('f', 'float32', [3])],
      }),
    },
    { name: 'the constant divided by the product', model: make([product, node('Div', ['columns', 'p'], ['y'])]) },
  ],
})
