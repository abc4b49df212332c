import { floatTensor, type ModelParts, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { affineAsBatchnorm } from './affine-as-batchnorm.ts'

const [CHANNELS, WIDTH] = [4, 5]
const ramp = (from: number, count: number) => Array.from({ length: count }, (_, k) => from + 0.3 * k)
const constants = [
  floatTensor('c', [CHANNELS, 1, 1], ramp(0.5, CHANNELS)),
  floatTensor('s', [1, CHANNELS, 1, 1], ramp(-0.7, CHANNELS)),
  floatTensor('c3', [CHANNELS, 1], ramp(0.5, CHANNELS)),
  floatTensor('number', [], [127.5]),
  floatTensor('zero', [], [0]),
  floatTensor('along', [WIDTH], ramp(0.1, WIDTH)),
  floatTensor('w', [CHANNELS, CHANNELS, 1, 1], ramp(-1, CHANNELS * CHANNELS)),
]

interface Given extends Partial<ModelParts> {
  readonly shape?: readonly (number | string)[]
}

const make = (nodes: ModelParts['nodes'], { shape = ['batch', CHANNELS, 3, WIDTH], ...rest }: Given = {}) =>
  model({
    nodes,
    inputs: [valueInfo('x', 'float32', [...shape])],
    outputs: [valueInfo('y', 'float32', [...shape])],
    initializers: constants,
    ...rest,
  })

const pair = (from: string) => [node('Mul', [from, 'c'], ['g']), node('Add', ['s', 'g'], ['y'])]
const one = ['BatchNormalization']

checkRemedy(affineAsBatchnorm, {
  applies: [
    {
      name: 'a factor and a term by channel',
      model: make(pair('x')),
      operators: one,
      changes: /^1 Mul, 1 Add as 1 BatchNormalization$/,
    },
    {
      name: 'numbers and channels, in any order, a quotient and a difference',
      model: make([
        node('Sub', ['x', 'number'], ['a']),
        node('Div', ['a', 'number'], ['b']),
        node('Mul', ['c', 'b'], ['d']),
        node('Add', ['d', 's'], ['y']),
      ]),
      operators: one,
    },
    {
      name: 'in one dimension',
      model: make([node('Mul', ['x', 'c3'], ['g']), node('Sub', ['g', 'c3'], ['y'])], { shape: ['batch', CHANNELS, 'length'] }),
      sizes: { length: 7 },
      operators: one,
    },
    {
      name: 'up to what another reads too',
      model: make([...pair('x'), node('Neg', ['y'], ['z'])], { outputs: [valueInfo('y', 'float32'), valueInfo('z', 'float32')] }),
      operators: [...one, 'Neg'],
    },
    {
      name: 'of what the profile shows, all but the longest is saved',
      model: make(pair('x')),
      profiled: true,
      operators: one,
      check: ({ predictedSavingMs }) => {
        if (predictedSavingMs !== 1) throw new Error(`predicted ${predictedSavingMs}`)
      },
    },
  ],
  leaves: [
    { name: 'a factor alone, which is one pass already', model: make([node('Mul', ['x', 'c'], ['y'])]) },
    {
      name: "the factor's product is read by another",
      model: make([...pair('x'), node('Neg', ['g'], ['z'])], { outputs: [valueInfo('y', 'float32'), valueInfo('z', 'float32')] }),
    },
    { name: 'factors along another axis', model: make([node('Mul', ['x', 'along'], ['g']), node('Add', ['g', 'along'], ['y'])]) },
    { name: 'behind a convolution, whose weights take it', model: make([node('Conv', ['x', 'w'], ['v']), ...pair('v')]) },
    { name: 'few numbers in a channel', model: make(pair('x'), { shape: ['batch', CHANNELS, 1, 3] }) },
    {
      name: 'a free number of channels',
      model: make(pair('x'), { shape: ['batch', 'channels', 3, WIDTH] }),
      sizes: { channels: CHANNELS },
    },
    { name: 'factors that are infinite', model: make([node('Div', ['x', 'zero'], ['g']), node('Add', ['g', 's'], ['y'])]) },
    { name: 'before opset 9', model: make(pair('x'), { opset: 7 }) },
  ],
})
