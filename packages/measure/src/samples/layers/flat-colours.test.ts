// Small networks whose answer to an image of one colour is worked out in a comment.
import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import type { NodeProto } from 'onnx-buf'
import { expect, test } from 'vitest'
import { coloursMade } from './flat-colours.ts'

const COLOURS = [
  [1, 2, 3],
  [-2, 0, 5],
]
interface Given {
  readonly nodes: readonly NodeProto[]
  readonly tensors?: readonly (readonly [name: string, shape: readonly number[], values: readonly number[]])[]
  readonly takes?: readonly number[]
  readonly makes?: readonly (number | string)[]
}

function made({ nodes, tensors = [], takes = [1, 3, 16, 16], makes = [1, 3, 'h', 'w'] }: Given) {
  const graph = model({
    inputs: [valueInfo('x', 'float32', takes)],
    outputs: [valueInfo('y', 'float32', makes)],
    nodes: [...nodes],
    initializers: tensors.map(([name, shape, values]) => floatTensor(name, shape, Float32Array.from(values))),
  })
  return coloursMade(modelInMemory(graph), 'x', COLOURS)
}

/** [outputs, inputs, 2, 2]: each weight an entry of the matrix, in four equal parts. */
const kernel = (matrix: readonly (readonly number[])[]) => matrix.flat().flatMap((one) => [one / 4, one / 4, one / 4, one / 4])
const SWAP = [
  [0, 0, 1],
  [0, 1, 0],
  [1, 0, 0],
]
const w = ['w', [3, 3, 2, 2], kernel(SWAP)] as const

test.each<[string, Given, number[][]]>([
  // Red and blue change places, 1 is added to green.
  [
    'a convolution with a bias',
    { nodes: [node('Conv', ['x', 'w', 'b'], ['y'])], tensors: [w, ['b', [3], [0, 1, 0]]] },
    [
      [3, 3, 1],
      [5, 1, -2],
    ],
  ],
  // Four phases of a transposed convolution with stride 2: each pixel meets a quarter of the kernel.
  [
    'a transposed convolution',
    { nodes: [node('ConvTranspose', ['x', 'w'], ['y'], { strides: [2, 2] })], tensors: [w] },
    COLOURS.map(([red, green, blue]) => [blue! / 4, green! / 4, red! / 4]),
  ],
  // One weight a channel.
  [
    'a depthwise convolution, and an activation',
    {
      nodes: [node('Conv', ['x', 'w'], ['a'], { group: 3 }), node('LeakyRelu', ['a'], ['y'], { alpha: 0.5 })],
      tensors: [['w', [3, 1, 1, 1], [2, 3, 4]]],
    },
    [
      [2, 6, 12],
      [-2, 0, 20],
    ],
  ],
  // (value - mean) / 2 * gamma + beta, the variance is 4 less epsilon.
  [
    'a batch normalization',
    {
      nodes: [node('BatchNormalization', ['x', 'g', 'h', 'm', 'v'], ['y'], { epsilon: 0 })],
      tensors: [
        ['g', [3], [2, 2, 2]],
        ['h', [3], [1, 1, 1]],
        ['m', [3], [1, 0, 3]],
        ['v', [3], [4, 4, 4]],
      ],
    },
    [
      [1, 3, 1],
      [-2, 1, 3],
    ],
  ],
  [
    'channels last, then first, a sum with a constant, limits',
    {
      takes: [1, 16, 16, 3],
      nodes: [
        node('Transpose', ['x'], ['a'], { perm: [0, 3, 1, 2] }),
        node('Add', ['c', 'a'], ['b']),
        node('Clip', ['b', 'low', 'high'], ['y']),
      ],
      tensors: [
        ['c', [3, 1, 1], [10, 20, 30]],
        ['low', [], [0]],
        ['high', [], [25]],
      ],
    },
    [
      [11, 22, 25],
      [8, 20, 25],
    ],
  ],
  // Pixels of a block of two by two become channels, and channels pixels.
  [
    'pixels into channels and back, joined with themselves and added up',
    {
      nodes: [
        node('SpaceToDepth', ['x'], ['a'], { blocksize: 2 }),
        node('DepthToSpace', ['a'], ['b'], { blocksize: 2, mode: 'DCR' }),
        node('Concat', ['b', 'x'], ['c'], { axis: 1 }),
        node('Conv', ['c', 'sum'], ['y']),
      ],
      tensors: [['sum', [3, 6, 1, 1], [0, 1, 2].flatMap((k) => Array.from({ length: 6 }, (_, c) => (c % 3 === k ? 1 : 0)))]],
    },
    COLOURS.map((colour) => colour.map((value) => 2 * value)),
  ],
])('%s', (_, given, expected) => {
  expect(made(given)!.map((colour) => colour.map((value) => Number(value.toFixed(6))))).toEqual(expected)
})

test.each<[string, Given]>([
  [
    'a node that is not followed',
    { nodes: [node('InstanceNormalization', ['x', 'g', 'g'], ['y'])], tensors: [['g', [3], [1, 1, 1]]] },
  ],
  ['an output with other channels', { nodes: [node('Relu', ['x'], ['y'])], makes: [1, 21, 16, 16] }],
  ['an output that is no image', { nodes: [node('Relu', ['x'], ['y'])], makes: [1, 3] }],
  [
    'a constant that is an image itself',
    { nodes: [node('Add', ['x', 'c'], ['y'])], tensors: [['c', [1, 1, 2, 2], [1, 2, 3, 4]]] },
  ],
  ['a group that divides nothing', { nodes: [node('Conv', ['x', 'w'], ['y'], { group: 1e9 })], tensors: [w] }],
  ['a block without end', { nodes: [node('SpaceToDepth', ['x'], ['y'], { blocksize: 1e9 })] }],
  [
    'values that grow with every node',
    {
      nodes: Array.from({ length: 60 }, (_, k) =>
        node('Concat', [k === 0 ? 'x' : `a${k - 1}`, k === 0 ? 'x' : `a${k - 1}`], [k === 59 ? 'y' : `a${k}`], { axis: 1 }),
      ),
    },
  ],
])('nothing is known of %s', (_, given) => {
  expect(made(given)).toBeNull()
})
