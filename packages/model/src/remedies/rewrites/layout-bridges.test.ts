import { type floatTensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { weight } from '../../../test/support/remedies/example-weights.ts'
import { layoutBridges } from './layout-bridges.ts'

const avx512 = { instructionSets: ['avx2', 'avx512f'] }

/** A block of a mobile network: x - depthwise - pointwise - plus what goes around - Relu. */
const block = (from: string, to: string, around = from) => [
  node('Conv', [from, 'depthwise'], [`${to}_d`], { group: 24, pads: [1, 1, 1, 1] }),
  node('Conv', [`${to}_d`, 'pointwise'], [`${to}_p`]),
  node('Add', [`${to}_p`, around], [`${to}_s`]),
  node('Relu', [`${to}_s`], [to]),
]

/** Two blocks behind a pooling of 24 channels, which is what goes around the first. */
const network = (nodes: readonly ReturnType<typeof node>[], initializers: readonly ReturnType<typeof floatTensor>[] = []) =>
  model({
    nodes,
    inputs: [valueInfo('x', 'float32', [1, 3, 8, 8])],
    outputs: [valueInfo('y', 'float32', [1, 24, 4, 4])],
    initializers: [
      weight('first', [24, 3, 3, 3]),
      weight('depthwise', [24, 1, 3, 3]),
      weight('strided', [24, 24, 2, 2]),
      weight('pointwise', [24, 24, 1, 1]),
      ...initializers,
    ],
  })

const first = [node('Conv', ['x', 'first'], ['a'], { pads: [1, 1, 1, 1] }), node('Relu', ['a'], ['r'])]
const pooled = node('MaxPool', ['r'], ['m'], { kernel_shape: [2, 2], strides: [2, 2] })
const strided = [
  node('Conv', ['r', 'strided'], ['c'], { strides: [2, 2] }),
  node('Add', ['c', 'm'], ['s']),
  node('Relu', ['s'], ['t']),
]

checkRemedy(layoutBridges, {
  applies: [
    {
      name: 'one pooling of 24 channels: its sum and all sums behind it stay in blocks',
      model: network([...first, pooled, ...strided, ...block('t', 'u'), ...block('u', 'y')]),
      evidence: avx512,
      operators: [
        ...['Conv', 'Relu', 'MaxPool', 'Conv', 'Conv', 'Add', 'Relu'],
        ...['Conv', 'Conv', 'Add', 'Relu', 'Conv', 'Conv', 'Add', 'Relu'],
      ],
      changes: /^1 value brought back to the layout of convolutions, in which 6 operators stay$/,
    },
  ],
  leaves: [
    {
      name: 'channels that fill blocks of 8',
      model: network([...first, pooled, ...strided, ...block('t', 'y')]),
      evidence: { instructionSets: ['avx2'] },
    },
    {
      name: 'on Arm',
      model: network([...first, pooled, ...strided, ...block('t', 'y')]),
      evidence: { instructionSets: ['neon'] },
    },
    { name: 'sums that are in blocks already', model: network([...first, ...resized(), ...block('q', 'y')]), evidence: avx512 },
    {
      name: 'nothing convolves the sum again',
      model: network([...first, pooled, ...strided.slice(0, 2), node('Relu', ['s'], ['y'])]),
      evidence: avx512,
    },
    {
      name: 'the convolution is read by others, too',
      model: network([...first, pooled, ...strided, node('Mul', ['c', 't'], ['v']), ...block('v', 'y')]),
      evidence: avx512,
    },
    {
      name: 'a constant is added',
      model: network(
        [
          ...first,
          node('Conv', ['r', 'strided'], ['c'], { strides: [2, 2] }),
          node('Add', ['c', 'k'], ['t']),
          ...block('t', 'y'),
        ],
        [weight('k', [1, 24, 4, 4])],
      ),
      evidence: avx512,
    },
  ],
})

/** Half the size by a convolution alone. */
function resized() {
  return [node('Conv', ['r', 'strided'], ['q'], { strides: [2, 2] })]
}
