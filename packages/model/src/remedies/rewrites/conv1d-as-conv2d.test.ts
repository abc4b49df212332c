import { floatTensor, graph, type ModelParts, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { conv1dAsConv2d } from './conv1d-as-conv2d.ts'

const weights = (name: string, shape: readonly number[]) => {
  const length = shape.reduce((product, size) => product * size, 1)
  return floatTensor(
    name,
    shape,
    Array.from({ length }, (_, index) => ((index * 7) % 13) / 10 - 0.5),
  )
}
const x = valueInfo('x', 'float32', ['n', 4, 'length'])
const y = valueInfo('y', 'float32')
const constants = [weights('w', [6, 4, 3]), weights('b', [6]), weights('w2', [4, 6, 2]), weights('channels', [6, 1])]
const make = (nodes: ModelParts['nodes'], rest: Partial<ModelParts> = {}) =>
  model({ nodes, inputs: [x], outputs: [y], initializers: constants, ...rest })
const conv = node('Conv', ['x', 'w', 'b'], ['c'], { pads: [2, 1], strides: [2] })
const sizes = { length: 9 }
const norm = ['scale', 'shift', 'mean', 'variance'].map((name) => floatTensor(name, [6], [0.1, 0.5, 1, 2, 3, 4]))

checkRemedy(conv1dAsConv2d, {
  applies: [
    {
      name: 'one convolution',
      model: make([node('Conv', ['x', 'w', 'b'], ['y'], { pads: [2, 1], strides: [2], dilations: [2], kernel_shape: [3] })]),
      sizes,
      operators: ['Unsqueeze', 'Conv', 'Squeeze'],
      changes: /^1 convolution over one axis computed over two$/,
    },
    {
      name: 'padding by the engine, groups, no bias, axes as attributes before opset 13',
      model: make([node('Conv', ['x', 'g'], ['y'], { auto_pad: 'SAME_LOWER', group: 2, strides: [2] })], {
        initializers: [weights('g', [6, 2, 4])],
        opset: 11,
      }),
      sizes,
      operators: ['Unsqueeze', 'Conv', 'Squeeze'],
    },
    {
      name: 'BatchNormalization and an activation behind it stay right behind it, a reader of the shape gets what it had',
      model: make(
        [
          conv,
          node('BatchNormalization', ['c', 'scale', 'shift', 'mean', 'variance'], ['n']),
          node('Clip', ['n', '', 'top'], ['a']),
          node('Softmax', ['a'], ['y'], { axis: 1 }),
          node('Shape', ['a'], ['z']),
        ],
        {
          initializers: [...constants, ...norm, floatTensor('top', [], [0.7])],
          outputs: [y, valueInfo('z', 'int64', [3])],
        },
      ),
      sizes,
      operators: ['Unsqueeze', 'Conv', 'BatchNormalization', 'Clip', 'Squeeze', 'Softmax', 'Shape'],
      changes: /^1 convolution .*, with 2 operators between and after them$/,
    },
    {
      name: 'what lies between two convolutions: pools, constants for each channel, a sum and a Concat of branches',
      model: make([
        conv,
        node('Mul', ['channels', 'c'], ['m']),
        node('MaxPool', ['m'], ['p'], { kernel_shape: [2], pads: [0, 1] }),
        node('AveragePool', ['m'], ['q'], { kernel_shape: [2], pads: [0, 1], count_include_pad: 1 }),
        node('Add', ['p', 'q'], ['s']),
        node('Concat', ['p', 's', 'q'], ['k'], { axis: -1 }),
        node('Conv', ['k', 'w2'], ['d']),
        node('Relu', ['d'], ['y']),
      ]),
      sizes,
      operators: ['Unsqueeze', 'Conv', 'Mul', 'MaxPool', 'AveragePool', 'Add', 'Concat', 'Conv', 'Relu', 'Squeeze'],
    },
    {
      name: 'Concat of channels and PRelu of channels',
      model: make(
        [
          conv,
          node('PRelu', ['c', 'channels'], ['p']),
          node('Concat', ['p', 'c'], ['k'], { axis: 1 }),
          node('Conv', ['k', 'w3'], ['y']),
        ],
        { initializers: [...constants, weights('w3', [5, 12, 2])] },
      ),
      sizes,
      operators: ['Unsqueeze', 'Conv', 'PRelu', 'Concat', 'Conv', 'Squeeze'],
    },
    {
      name: 'windows of one position between and behind',
      model: make(
        [
          node('Conv', ['x', 'p'], ['a']),
          node('Conv', ['a', 'w'], ['c']),
          node('Conv', ['c', 'p2'], ['d']),
          node('Relu', ['d'], ['r']),
          node('Conv', ['r', 'w'], ['e']),
          node('Conv', ['e', 'p2'], ['y']),
        ],
        { initializers: [...constants, weights('p', [4, 4, 1]), weights('p2', [4, 6, 1])] },
      ),
      sizes,
      operators: ['Conv', 'Unsqueeze', 'Conv', 'Conv', 'Relu', 'Conv', 'Conv', 'Squeeze'],
    },
    {
      name: 'a value between that is an output, and one input of two convolutions',
      model: make([conv, node('Conv', ['x', 'w', 'b'], ['e']), node('Conv', ['c', 'w2'], ['y'])], {
        outputs: [y, valueInfo('c', 'float32'), valueInfo('e', 'float32')],
      }),
      sizes,
      operators: ['Unsqueeze', 'Conv', 'Squeeze', 'Conv', 'Squeeze', 'Conv', 'Squeeze'],
    },
    {
      name: 'several readers that are no convolutions: one Squeeze for all',
      model: make([conv, node('Relu', ['c'], ['r']), node('Neg', ['c'], ['y'])], { outputs: [y, valueInfo('r', 'float32')] }),
      sizes,
      operators: ['Unsqueeze', 'Conv', 'Squeeze', 'Relu', 'Neg'],
    },
    ...[17, 10].map((opset) => ({
      name: `channels that are no multiple of four get zeros beside them, for the reader that needs them (opset ${opset})`,
      model: make(
        [
          node('Conv', ['x', 'many'], ['c']),
          node('Relu', ['c'], ['r']),
          node('Conv', ['r', 'w65'], ['d']),
          node('Conv', ['r', 'one65'], ['e']),
          node('Add', ['d', 'e'], ['y']),
        ],
        { initializers: [weights('many', [65, 4, 3]), weights('w65', [3, 65, 2]), weights('one65', [3, 65, 1])], opset },
      ),
      sizes: { length: 4 },
      operators: ['Unsqueeze', 'Conv', 'Relu', 'Squeeze', 'Pad', 'Conv', 'Conv', 'Squeeze', 'Add'],
    })),
    {
      name: 'in a branch that reads what another convolution made',
      model: make(
        [
          conv,
          node('If', ['yes'], ['y'], {
            then_branch: graph({ nodes: [node('Conv', ['c', 'w2'], ['t'])], outputs: [valueInfo('t', 'float32')] }),
            else_branch: graph({ nodes: [node('Identity', ['c'], ['f'])], outputs: [valueInfo('f', 'float32')] }),
          }),
        ],
        { inputs: [x, valueInfo('yes', 'bool', [])] },
      ),
      sizes,
      feeds: [true, false].map((yes) => ({
        x: { dtype: 'float32' as const, shape: [1, 4, 9], data: Float32Array.from({ length: 36 }, (_, k) => Math.sin(k)) },
        yes: { dtype: 'bool' as const, shape: [], data: Uint8Array.of(Number(yes)) },
      })),
      operators: ['Unsqueeze', 'Conv', 'Squeeze', 'If'],
      changes: /^2 convolutions/,
    },
  ],
  leaves: [
    {
      name: 'convolutions over two axes',
      model: make([node('Conv', ['x', 'w'], ['y'])], {
        inputs: [valueInfo('x', 'float32', [1, 2, 4, 4])],
        initializers: [weights('w', [3, 2, 3, 3])],
      }),
    },
    {
      name: 'windows of one position',
      model: make([node('Conv', ['x', 'p'], ['a']), node('Relu', ['a'], ['r']), node('Conv', ['r', 'p'], ['y'])], {
        initializers: [weights('p', [4, 4, 1])],
      }),
      sizes,
    },
    {
      name: 'weights that a caller may override',
      model: make([node('Conv', ['x', 'w', 'b'], ['y'])], { inputs: [x, valueInfo('w', 'float32', [6, 4, 3])] }),
      sizes,
    },
    {
      name: 'weights that are computed',
      model: make([node('Neg', ['w'], ['v']), node('Conv', ['x', 'v'], ['y'])]),
      sizes,
    },
    {
      name: 'pools and elementwise operators without a convolution',
      model: make([node('MaxPool', ['x'], ['p'], { kernel_shape: [2] }), node('Relu', ['p'], ['y'])]),
      sizes,
    },
  ],
})
