import { floatTensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { affineAsDepthwise } from './affine-as-depthwise.ts'

const ramp = (length: number, from = -0.5) => Array.from({ length }, (_, index) => from + ((index * 7) % 13) / 10)
const weight = (name: string, shape: readonly number[], from?: number) => {
  return floatTensor(
    name,
    shape,
    ramp(
      shape.reduce((product, size) => product * size, 1),
      from,
    ),
  )
}
const three = floatTensor('three', [], [3])
const six = floatTensor('six', [1], [6])
const zero = floatTensor('zero', [], [0])
const top = floatTensor('top', [], [6])

/** x - Conv - a - … - y, with 8 channels of 6x6. */
const between = (
  nodes: readonly ReturnType<typeof node>[],
  more: readonly ReturnType<typeof floatTensor>[] = [],
  y = [2, 8, 6, 6],
) =>
  model({
    nodes: [node('Conv', ['x', 'w', 'b'], ['a'], { pads: [1, 1, 1, 1] }), ...nodes],
    inputs: [valueInfo('x', 'float32', [2, 3, 6, 6])],
    outputs: [valueInfo('y', 'float32', y)],
    initializers: [weight('w', [8, 3, 3, 3]), weight('b', [8]), three, six, zero, top, ...more],
  })

const padded = node('Conv', ['d', 'v'], ['y'], { pads: [1, 1, 1, 1], group: 8 })
const v = weight('v', [8, 1, 3, 3], -0.2)
const hardSwish = [
  node('Add', ['a', 'three'], ['s']),
  node('Clip', ['s', 'zero', 'top'], ['g']),
  node('Mul', ['a', 'g'], ['m']),
  node('Div', ['m', 'six'], ['d']),
]

checkRemedy(affineAsDepthwise, {
  applies: [
    {
      name: 'HardSwish written out: the sum before its Clip stays in blocks, and the division moves into the weights behind',
      model: between([...hardSwish, padded], [v]),
      operators: ['Conv', 'Conv', 'Clip', 'Mul', 'Conv'],
      changes: /^1 Div, 1 Add went into weights and into 1 convolution of one tap/,
    },
    {
      name: 'a factor and a sum in front of padding: one convolution for both',
      model: between(
        [...hardSwish, node('Mul', ['d', 'c'], ['e']), node('Sub', ['e', 'three'], ['f']), copyOf(padded, 'f')],
        [v, weight('c', [8, 1, 1], 0.3)],
      ),
      operators: ['Conv', 'Conv', 'Clip', 'Mul', 'Conv', 'Conv'],
    },
    {
      name: 'what follows the convolution alone moves into it',
      model: between([
        node('Mul', ['a', 'six'], ['s']),
        node('Add', ['s', 'three'], ['t']),
        node('Add', ['t', 'three'], ['u']),
        node('Relu', ['u'], ['g']),
        node('Mul', ['t', 'g'], ['y']),
      ]),
      operators: ['Conv', 'Conv', 'Relu', 'Mul'],
    },
  ],
  leaves: [
    {
      name: 'no convolution before',
      model: model({
        nodes: [node('Add', ['x', 'three'], ['s']), node('Clip', ['s', 'zero', 'top'], ['y'])],
        inputs: [valueInfo('x', 'float32', [2, 8, 6, 6])],
        outputs: [valueInfo('y', 'float32', [2, 8, 6, 6])],
        initializers: [three, zero, top],
      }),
    },
    {
      name: 'another layout than channels first',
      model: between(
        [node('Transpose', ['a'], ['t'], { perm: [0, 2, 3, 1] }), node('Add', ['t', 'three'], ['s']), node('Relu', ['s'], ['y'])],
        [],
        [2, 6, 6, 8],
      ),
    },
    {
      name: 'a constant along the width',
      model: between([node('Relu', ['a'], ['r']), node('Mul', ['r', 'c'], ['y'])], [weight('c', [6])]),
    },
    { name: 'two values, no constant', model: between([node('Relu', ['a'], ['r']), node('Mul', ['a', 'r'], ['y'])]) },
  ],
})

function copyOf(one: ReturnType<typeof node>, input: string): ReturnType<typeof node> {
  return { ...one, input: [input, ...one.input.slice(1)] }
}
