import { floatTensor, model, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import { decodeNumbers } from '@whyslow/graph/decode.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { convBatchnorm } from './conv-batchnorm.ts'

const ramp = (length: number, from = -0.5) => Array.from({ length }, (_, index) => from + ((index * 7) % 13) / 10)
const parameters = (channels: number) => [
  floatTensor('scale', [channels], ramp(channels)),
  floatTensor('shift', [channels], ramp(channels, 0.3)),
  floatTensor('mean', [channels], ramp(channels, -0.2)),
  floatTensor('variance', [channels], ramp(channels, 0.4)),
]
const weight = (name: string, shape: readonly number[]) => {
  return floatTensor(name, shape, ramp(shape.reduce((product, size) => product * size, 1)))
}
const norm = (from: string, to: string, attributes = {}) =>
  node('BatchNormalization', [from, 'scale', 'shift', 'mean', 'variance'], [to], attributes)

interface Given {
  readonly linear: ReturnType<typeof node>
  readonly weights: readonly ReturnType<typeof floatTensor>[]
  readonly channels: number
  readonly x: readonly (number | string)[]
  readonly y: readonly (number | string)[]
  readonly attributes?: Readonly<Record<string, number | { float: number }>>
  readonly more?: Partial<Parameters<typeof model>[0]>
}
/** x - linear - BatchNormalization - y */
const normed = ({ linear, weights, channels, x, y, attributes = {}, more = {} }: Given) =>
  model({
    nodes: [linear, norm('c', 'y', attributes)],
    inputs: [valueInfo('x', 'float32', x)],
    outputs: [valueInfo('y', 'float32', y)],
    initializers: [...weights, ...parameters(channels)],
    ...more,
  })

const conv: Given = {
  linear: node('Conv', ['x', 'w', 'b'], ['c'], { group: 2 }),
  weights: [weight('w', [6, 2, 3, 3]), weight('b', [6])],
  channels: 6,
  x: ['n', 4, 6, 6],
  y: ['n', 6, 4, 4],
  attributes: { epsilon: 0.001 },
}
const gemm = (attributes: Readonly<Record<string, number>>, w: readonly number[], b: readonly number[] | null): Given => ({
  linear: node('Gemm', b ? ['x', 'w', 'b'] : ['x', 'w'], ['c'], attributes),
  weights: [weight('w', w), ...(b ? [weight('b', b)] : [])],
  channels: 5,
  x: ['n', 4],
  y: ['n', 5],
})

checkRemedy(convBatchnorm, {
  applies: [
    { name: 'after a grouped Conv with bias', model: normed(conv), operators: ['Conv'], changes: /^1 BatchNormalization folded/ },
    {
      name: 'after a Conv without bias: numbers worked out by hand',
      // One weight 3; scale 2, shift 1, mean 4, variance 0.25 - 0.01 with epsilon 0.01, so s = 2 / 0.5 = 4.
      // Weight 3 * 4 = 12; bias (0 - 4) * 4 + 1 = -15.
      model: model({
        nodes: [node('Conv', ['x', 'w'], ['c']), norm('c', 'y', { epsilon: 0.01 })],
        inputs: [valueInfo('x', 'float32', [1, 1, 2])],
        outputs: [valueInfo('y', 'float32', [1, 1, 2])],
        initializers: [
          floatTensor('w', [1, 1, 1], [3]),
          floatTensor('scale', [1], [2]),
          floatTensor('shift', [1], [1]),
          floatTensor('mean', [1], [4]),
          floatTensor('variance', [1], [0.24]),
        ],
      }),
      check: ({ setup }) => {
        const numbers = setup.model.proto.graph!.initializer.map(({ rawData }) => decodeNumbers(rawData, 'float32', 1)![0]!)
        expect(numbers[0]).toBeCloseTo(12, 5)
        expect(numbers[1]).toBeCloseTo(-15, 5)
      },
    },
    {
      name: 'after a grouped ConvTranspose',
      model: normed({
        ...conv,
        linear: node('ConvTranspose', ['x', 'w'], ['c'], { group: 2 }),
        weights: [weight('w', [4, 3, 3, 3])],
        y: ['n', 6, 8, 8],
      }),
      operators: ['ConvTranspose'],
    },
    { name: 'after a Gemm', model: normed(gemm({}, [4, 5], [5])), operators: ['Gemm'] },
    {
      name: 'after a Gemm that is transposed and scaled',
      model: normed(gemm({ transB: 1, alpha: 0.5, beta: 2.5 }, [5, 4], [1, 5])),
      operators: ['Gemm'],
    },
    { name: 'after a Gemm with one number for a bias', model: normed(gemm({ beta: 3 + 0.5 }, [4, 5], [1])), operators: ['Gemm'] },
    { name: 'after a Gemm without bias', model: normed(gemm({}, [4, 5], null)), operators: ['Gemm'] },
    { name: 'of opset 8', model: normed({ ...conv, more: { opset: 8 } }), operators: ['Conv'] },
    {
      name: 'weights shared with a Conv that has no BatchNormalization: that one keeps them',
      model: normed({
        ...conv,
        more: {
          nodes: [conv.linear, norm('c', 'y'), node('Conv', ['x', 'w', 'b'], ['z'], { group: 2 })],
          outputs: [valueInfo('y', 'float32', ['n', 6, 4, 4]), valueInfo('z', 'float32', ['n', 6, 4, 4])],
        },
      }),
      operators: ['Conv', 'Conv'],
    },
    {
      name: 'two of them in a row, and the saving from what ran',
      model: normed({ ...conv, more: { nodes: [conv.linear, norm('c', 'd'), norm('d', 'y')] } }),
      operators: ['Conv'],
      profiled: true,
      check: ({ predictedSavingMs }) => expect(predictedSavingMs).toBe(2),
    },
  ],
  leaves: [
    {
      name: 'a second reader of what Conv makes',
      model: normed({
        ...conv,
        more: {
          nodes: [conv.linear, norm('c', 'y'), node('Relu', ['c'], ['z'])],
          outputs: [valueInfo('y', 'float32', ['n', 6, 4, 4]), valueInfo('z', 'float32', ['n', 6, 4, 4])],
        },
      }),
    },
    {
      name: 'what Conv makes is an output too',
      model: normed({
        ...conv,
        more: { outputs: [valueInfo('y', 'float32', ['n', 6, 4, 4]), valueInfo('c', 'float32', ['n', 6, 4, 4])] },
      }),
    },
    {
      name: 'weights that a caller may override',
      model: normed({ ...conv, more: { inputs: [valueInfo('x', 'float32', conv.x), valueInfo('w', 'float32', [6, 2, 3, 3])] } }),
    },
    {
      name: 'a mean that a caller may override',
      model: normed({ ...conv, more: { inputs: [valueInfo('x', 'float32', conv.x), valueInfo('mean', 'float32', [6])] } }),
    },
    {
      name: 'a bias that is computed',
      model: normed({
        ...conv,
        more: {
          nodes: [
            node('ReduceMax', ['x'], ['b2'], { axes: [0, 2, 3], keepdims: 0 }),
            node('Concat', ['b2', 'two'], ['b3'], { axis: 0 }),
            node('Conv', ['x', 'w', 'b3'], ['c'], { group: 2 }),
            norm('c', 'y'),
          ],
          initializers: [weight('w', [6, 2, 3, 3]), weight('two', [2]), ...parameters(6)],
        },
      }),
    },
    { name: 'a Gemm whose bias is a matrix', model: normed({ ...gemm({}, [4, 5], [2, 5]), x: [2, 4], y: [2, 5] }) },
    {
      name: 'a variance that makes the root no number: the model gives NaN, and goes on doing so',
      model: normed({
        ...conv,
        more: {
          initializers: [...conv.weights, ...parameters(6).slice(0, 3), floatTensor('variance', [6], [-1, 1, 1, 1, 1, 1])],
        },
      }),
    },
    {
      name: 'another type',
      model: model({
        nodes: [node('Gemm', ['x', 'w'], ['c']), norm('c', 'y')],
        inputs: [valueInfo('x', 'float64', [2, 1])],
        outputs: [valueInfo('y', 'float64', [2, 1])],
        initializers: ['w', 'scale', 'shift', 'mean', 'variance'].map((name) =>
          rawTensor(name, 'float64', name === 'w' ? [1, 1] : [1], new Uint8Array(Float64Array.of(1.5).buffer)),
        ),
      }),
    },
    {
      name: 'no linear operator before it',
      model: normed({ ...conv, linear: node('Relu', ['x'], ['c']), channels: 4, y: conv.x }),
    },
  ],
})
