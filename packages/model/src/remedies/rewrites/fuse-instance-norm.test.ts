import { floatTensor, int64Tensor, type ModelParts, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { fuseInstanceNorm } from './fuse-instance-norm.ts'

const [CHANNELS, HEIGHT, WIDTH] = [4, 3, 5]
const PLAIN = ['batch', CHANNELS, HEIGHT, WIDTH] as const
const LAST = ['batch', HEIGHT, WIDTH, CHANNELS] as const
const ramp = (from: number, count = CHANNELS) => Array.from({ length: count }, (_, k) => from + 0.3 * k)
const constants = [
  floatTensor('epsilon', [], [1e-3]),
  floatTensor('two', [], [2]),
  floatTensor('one', [], [1]),
  floatTensor('number', [], [3]),
  ...[[], [1], [1, 1]].flatMap((ones) => {
    const shape = [CHANNELS, ...ones]
    return [floatTensor(`scale${shape.length}`, shape, ramp(0.5)), floatTensor(`bias${shape.length}`, shape, ramp(-0.2))]
  }),
  floatTensor('scaleOfWidth', [WIDTH], ramp(0.5, WIDTH)),
  floatTensor('biasOfWidth', [WIDTH], ramp(0.1, WIDTH)),
  floatTensor('byGroup', [2], [0.5, 2]),
]

const make = (
  nodes: ModelParts['nodes'],
  { shape = PLAIN as readonly (number | string)[], ...rest }: Partial<ModelParts> & { shape?: readonly (number | string)[] } = {},
) =>
  model({
    nodes,
    inputs: [valueInfo('x', 'float32', [...shape])],
    outputs: [valueInfo('y', 'float32', [...shape])],
    initializers: constants,
    opset: 17,
    ...rest,
  })

const mean = (from: string, to: string, axes: readonly number[]) => node('ReduceMean', [from], [to], { axes: [...axes] })
/** Up to `n`, the normalized value. */
const normalized = (axes: readonly number[]) => normalizedOf('x', axes)
const normalizedOf = (x: string, axes: readonly number[]) => [
  mean(x, 'm', axes),
  node('Sub', [x, 'm'], ['d']),
  node('Mul', ['d', 'd'], ['q']),
  mean('q', 'v', axes),
  node('Add', ['v', 'epsilon'], ['e']),
  node('Sqrt', ['e'], ['s']),
  node('Div', ['d', 's'], ['n']),
]
/** The factor before the quotient. */
const factorFirst = (factor: string) => [
  ...normalized([2, 3]).slice(0, -1),
  node('Mul', [factor, 'd'], ['g']),
  node('Div', ['g', 's'], ['n']),
  node('Add', ['n', 'bias3'], ['y']),
]
/** Means over height and then width. */
const meansOfMeans = [
  mean('x', 'm1', [2]),
  mean('m1', 'm', [3]),
  node('Sub', ['x', 'm'], ['d']),
  node('Mul', ['d', 'd'], ['q']),
  mean('q', 'v1', [2]),
  mean('v1', 'v', [3]),
  ...normalized([2, 3]).slice(4),
]
const scaled = (rank: number | 'OfWidth') => [node('Mul', ['n', `scale${rank}`], ['g']), node('Add', ['g', `bias${rank}`], ['y'])]
const groupNorm = (num_groups: number, scale: string, bias: string) => [
  node('GroupNormalization', ['x', scale, bias], ['y'], { num_groups }),
]

checkRemedy(fuseInstanceNorm, {
  applies: [
    {
      name: 'over height and width',
      model: make([...normalized([2, 3]), ...scaled(3)]),
      operators: ['InstanceNormalization'],
      changes: /^1 InstanceNormalization instead of 9 nodes$/,
    },
    { name: 'the factor before the quotient', model: make(factorFirst('scale3')), operators: ['InstanceNormalization'] },
    { name: 'means of means', model: make([...meansOfMeans, ...scaled(3)]), operators: ['InstanceNormalization'] },
    { name: 'axes from the end', model: make([...normalized([-1, -2]), ...scaled(3)]), operators: ['InstanceNormalization'] },
    {
      name: 'axes as an input',
      model: make(
        [...normalized([2, 3]), ...scaled(3)].map((one) =>
          one.opType === 'ReduceMean' ? node('ReduceMean', [one.input[0]!, 'axes'], [...one.output]) : one,
        ),
        { opset: 18, initializers: [...constants, int64Tensor('axes', [2], [2, 3])] },
      ),
      operators: ['InstanceNormalization'],
    },
    {
      name: 'means of means, with the factor before the quotient, as networks that separate voices have it',
      model: make([
        mean('x', 'm1', [1]),
        mean('m1', 'm2', [2]),
        mean('m2', 'm', [3]),
        node('Sub', ['x', 'm'], ['d']),
        node('Pow', ['d', 'two'], ['q']),
        mean('q', 'v1', [1]),
        mean('v1', 'v2', [3]),
        mean('v2', 'v', [2]),
        node('Mul', ['scale3', 'd'], ['g']),
        node('Add', ['v', 'epsilon'], ['e']),
        node('Sqrt', ['e'], ['s']),
        node('Div', ['g', 's'], ['n']),
        node('Add', ['n', 'bias3'], ['y']),
      ]),
      operators: ['Reshape', 'InstanceNormalization', 'Reshape', 'BatchNormalization'],
    },
    {
      name: 'what is normalized is a mean itself',
      model: make([mean('x', 'x0', [1]), ...normalizedOf('x0', [2, 3]), node('Add', ['x', 'n'], ['y'])]),
      operators: ['ReduceMean', 'InstanceNormalization', 'Add'],
    },
    {
      name: 'channels last, with the factor in the reciprocal, as TensorFlow writes it',
      model: make(
        [
          ...normalized([1, 2]).slice(0, -1),
          node('Div', ['one', 's'], ['r']),
          node('Mul', ['r', 'scale1'], ['g']),
          node('Mul', ['x', 'g'], ['xg']),
          node('Mul', ['m', 'g'], ['mg']),
          node('Sub', ['bias1', 'mg'], ['b']),
          node('Add', ['xg', 'b'], ['y']),
        ],
        { shape: LAST },
      ),
      operators: ['Transpose', 'InstanceNormalization', 'Transpose'],
    },
    {
      name: 'groups that a Reshape makes, the squares by Pow',
      model: make(
        [
          node('Reshape', ['x', 'grouped'], ['x3']),
          mean('x3', 'm', [2]),
          node('Sub', ['x3', 'm'], ['d']),
          node('Pow', ['d', 'two'], ['q']),
          mean('q', 'v', [2]),
          ...normalized([2]).slice(4),
          node('Reshape', ['n', 'back'], ['n4']),
          node('Mul', ['n4', 'scale3'], ['g']),
          node('Add', ['g', 'bias3'], ['y']),
        ],
        {
          initializers: [
            ...constants,
            int64Tensor('grouped', [3], [0, 2, -1]),
            int64Tensor('back', [4], [0, CHANNELS, HEIGHT, WIDTH]),
          ],
        },
      ),
      operators: ['Reshape', 'InstanceNormalization', 'Reshape', 'Mul', 'Add'],
    },
    {
      name: 'factors along another axis stay',
      model: make([...normalized([2, 3]), ...scaled('OfWidth')]),
      operators: ['InstanceNormalization', 'Mul', 'Add'],
    },
    {
      name: 'in one dimension, with factors by channel',
      model: make([...normalized([2]), ...scaled(2)], { shape: ['batch', CHANNELS, WIDTH] }),
      operators: ['InstanceNormalization'],
    },
    {
      name: 'a number as factor and none as term',
      model: make([...normalized([2, 3]), node('Mul', ['n', 'number'], ['y'])]),
      operators: ['InstanceNormalization'],
    },
    {
      name: 'over whole samples, scaled by channel',
      model: make([...normalized([1, 2, 3]), ...scaled(3)]),
      operators: ['Reshape', 'InstanceNormalization', 'Reshape', 'BatchNormalization'],
      changes: /^1 InstanceNormalization instead of 9 nodes$/,
    },
    {
      name: 'over whole samples of a free length, as networks that separate voices do',
      model: make([...normalized([-2, -1]), ...scaled(2)], { shape: ['batch', CHANNELS, 'length'] }),
      operators: ['Reshape', 'InstanceNormalization', 'Reshape', 'BatchNormalization'],
    },
    {
      name: 'over whole samples, a number as factor, and what is added along another axis',
      model: make([...normalized([1, 2, 3]), node('Mul', ['n', 'number'], ['g']), node('Add', ['g', 'biasOfWidth'], ['y'])]),
      operators: ['Reshape', 'InstanceNormalization', 'Reshape', 'BatchNormalization', 'Add'],
    },
    {
      name: 'over whole samples, not scaled',
      model: make([...normalized([1, 2, 3]), node('Relu', ['n'], ['y'])], { shape: ['batch', CHANNELS, 'height', 'width'] }),
      operators: ['Reshape', 'Shape', 'InstanceNormalization', 'Reshape', 'Relu'],
    },
    {
      name: 'GroupNormalization, scaled by channel',
      model: make(groupNorm(2, 'scale1', 'bias1'), { opset: 21 }),
      operators: ['Reshape', 'InstanceNormalization', 'Reshape', 'BatchNormalization'],
      changes: /^1 InstanceNormalization instead of 1 node$/,
    },
    {
      name: 'GroupNormalization, scaled by group',
      model: make(groupNorm(2, 'byGroup', 'byGroup'), { opset: 18 }),
      operators: ['Reshape', 'InstanceNormalization', 'Reshape'],
    },
    {
      name: 'GroupNormalization of each channel',
      model: make(groupNorm(CHANNELS, 'scale1', 'bias1'), { opset: 21 }),
      operators: ['Reshape', 'InstanceNormalization', 'Reshape'],
    },
    {
      name: 'GroupNormalization of free height and width',
      model: make(groupNorm(2, 'scale1', 'bias1'), { opset: 21, shape: ['batch', CHANNELS, 'height', 'width'] }),
      operators: ['Reshape', 'InstanceNormalization', 'Shape', 'Reshape', 'BatchNormalization'],
    },
    {
      name: 'in pieces by the engine, as the profile shows',
      model: make([...normalized([2, 3]), ...scaled(3)]),
      profiled: true,
      operators: ['InstanceNormalization'],
      // Nine nodes of 1 ms, the longest of them stays.
      check: ({ predictedSavingMs }) => {
        if (predictedSavingMs !== 8) throw new Error(`predicted ${predictedSavingMs}`)
      },
    },
  ],
  leaves: [
    { name: 'a factor before the quotient along another axis', model: make(factorFirst('scaleOfWidth')) },
    {
      name: 'a factor before the quotient whose product is an output too',
      model: make(factorFirst('scale3'), { outputs: ['y', 'g'].map((name) => valueInfo(name, 'float32', [...PLAIN])) }),
    },
    {
      name: 'means of means, one of which is an output too',
      model: make([...meansOfMeans, ...scaled(3)], {
        outputs: [valueInfo('y', 'float32', [...PLAIN]), valueInfo('v1', 'float32', ['batch', CHANNELS, 1, WIDTH])],
      }),
    },
    {
      name: 'a mean of means beside a variance over one axis',
      model: make([...meansOfMeans.slice(0, 4), mean('q', 'v', [2]), ...normalized([2]).slice(4), ...scaled(3)]),
    },
    { name: 'over the width alone', model: make([...normalized([3]), ...scaled(3)]) },
    { name: 'over all samples', model: make([...normalized([0, 2, 3]), ...scaled(3)]) },
    { name: 'means over different axes', model: make([mean('x', 'm', [2, 3]), ...normalized([3]).slice(1), ...scaled(3)]) },
    {
      name: 'a layer normalization, with factors along the last axis',
      model: make([...normalized([2]), ...scaled('OfWidth')], { shape: ['batch', CHANNELS, WIDTH] }),
    },
    {
      name: 'no mean is taken off',
      model: make([node('Mul', ['x', 'x'], ['q']), ...normalized([2, 3]).slice(3, -1), node('Div', ['x', 's'], ['y'])]),
    },
    {
      name: 'a free number of channels',
      model: make([...normalized([2, 3]), node('Identity', ['n'], ['y'])], { shape: ['batch', 'channels', 3, 5] }),
    },
    {
      name: 'the centred value is an output too',
      model: make([...normalized([2, 3]), ...scaled(3)], { outputs: [valueInfo('y', 'float32'), valueInfo('d', 'float32')] }),
    },
    {
      name: 'the factors of a Keras norm lie along another axis',
      model: make([
        ...normalized([2, 3]).slice(0, -1),
        node('Div', ['one', 's'], ['r']),
        node('Mul', ['r', 'scaleOfWidth'], ['g']),
        node('Mul', ['g', 'd'], ['y']),
      ]),
    },
    {
      name: 'GroupNormalization of a free number of channels',
      model: make(groupNorm(2, 'scale1', 'bias1'), { opset: 21, shape: ['batch', 'channels', 3, 5] }),
      sizes: { channels: CHANNELS },
    },
  ],
})
