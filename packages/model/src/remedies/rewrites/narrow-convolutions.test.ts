import { floatTensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { weight } from '../../../test/support/remedies/example-weights.ts'
import { narrowConvolutions } from './narrow-convolutions.ts'

interface Given {
  readonly weights: readonly number[]
  readonly x: readonly (number | string)[]
  readonly y: readonly (number | string)[]
  readonly attributes?: Readonly<Record<string, number | readonly number[] | string>>
  /** Nodes from 'c', what the convolution gives, to 'y'. */
  readonly after?: readonly ReturnType<typeof node>[]
  readonly bias?: boolean
  readonly more?: Partial<Parameters<typeof model>[0]>
}

/** x - Conv - c - … - y; by default an Identity behind, as some exporters leave. */
const convolved = ({ weights, x, y, attributes = {}, after, bias = false, more = {} }: Given) => {
  const parameters = [weight('w', weights), ...(bias ? [weight('b', [weights[0]!])] : [])]
  const conv = node('Conv', ['x', ...parameters.map(({ name }) => name)], [after ? 'c' : 'y'], attributes)
  return model({
    nodes: [conv, ...(after ?? [])],
    inputs: [valueInfo('x', 'float32', x)],
    outputs: [valueInfo('y', 'float32', y)],
    initializers: parameters,
    ...more,
  })
}

const parameters = ['scale', 'shift', 'mean', 'variance'].map((name, k) => floatTensor(name, [2], [0.5 + k, 0.25 + k]))
const avx512 = { instructionSets: ['avx512f'] }
const LAID_OUT = ['Conv', 'Reshape', 'Transpose', 'Reshape']

checkRemedy(narrowConvolutions, {
  applies: [
    {
      name: 'one channel, blocks along the longer kernel axis that come out even',
      model: convolved({ weights: [1, 3, 3, 5], x: ['n', 3, 18, 36], y: ['n', 1, 16, 32], bias: true }),
      operators: LAID_OUT,
      changes: /^1 convolution with few output channels/,
      evidence: avx512,
    },
    {
      name: 'several channels, the last block cut',
      model: convolved({ weights: [3, 2, 3, 9], x: [2, 2, 7, 41], y: [2, 3, 7, 41], attributes: { pads: [1, 4, 1, 4] } }),
      operators: [...LAID_OUT, 'Slice'],
      evidence: avx512,
    },
    {
      name: 'strides, unlike begin and end, along the first axis',
      model: convolved({
        weights: [2, 2, 11, 1],
        x: [1, 2, 50, 6],
        y: [1, 2, 22, 6],
        attributes: { strides: [2, 1], pads: [3, 0, 0, 0] },
        bias: true,
      }),
      operators: [...LAID_OUT, 'Slice'],
      evidence: avx512,
    },
    {
      name: 'one spatial axis, dilated by its stride',
      model: convolved({
        weights: [1, 4, 16],
        x: ['n', 4, 100],
        y: ['n', 1, 35],
        attributes: { strides: [2], dilations: [2] },
      }),
      operators: [...LAID_OUT, 'Slice'],
      evidence: avx512,
    },
    {
      name: 'SAME_UPPER and SAME_LOWER are worked out',
      model: convolved({ weights: [1, 2, 8], x: ['n', 2, 31], y: ['n', 1, 31], attributes: { auto_pad: 'SAME_UPPER' } }),
      operators: [...LAID_OUT, 'Slice'],
      evidence: avx512,
    },
    {
      name: 'SAME_LOWER',
      model: convolved({ weights: [1, 2, 8], x: ['n', 2, 32], y: ['n', 1, 32], attributes: { auto_pad: 'SAME_LOWER' } }),
      operators: LAID_OUT,
      evidence: avx512,
    },
    {
      name: 'elementwise operators stay beside the convolution, so that the engine fuses them',
      model: convolved({
        weights: [1, 3, 3, 5],
        x: ['n', 3, 18, 36],
        y: ['n', 1, 16, 32],
        after: [node('Sigmoid', ['c'], ['s']), node('Neg', ['s'], ['y'])],
      }),
      operators: ['Conv', 'Sigmoid', 'Neg', 'Reshape', 'Transpose', 'Reshape'],
      evidence: avx512,
    },
    {
      name: 'a BatchNormalization too, with its parameters for each position',
      model: convolved({
        weights: [2, 3, 3, 5],
        x: ['n', 3, 18, 36],
        y: ['n', 2, 16, 32],
        after: [node('BatchNormalization', ['c', ...parameters.map(({ name }) => name)], ['r']), node('Relu', ['r'], ['y'])],
        more: { initializers: [weight('w', [2, 3, 3, 5]), ...parameters] },
      }),
      operators: ['Conv', 'BatchNormalization', 'Relu', 'Reshape', 'Transpose', 'Reshape'],
      evidence: avx512,
    },
    {
      name: 'the other axis may be of any size',
      model: convolved({ weights: [1, 3, 1, 9], x: ['n', 3, 'h', 40], y: ['n', 1, 'h', 32] }),
      sizes: { n: 2, h: 5 },
      operators: LAID_OUT,
      evidence: avx512,
    },
    {
      name: '8 lanes without AVX-512: 5 channels are left as they are, 4 are not',
      model: convolved({ weights: [4, 3, 1, 9], x: ['n', 3, 4, 40], y: ['n', 4, 4, 32] }),
      operators: LAID_OUT,
      evidence: { instructionSets: ['avx2'] },
    },
    {
      name: 'opset 9, whose Slice has its bounds as attributes',
      model: convolved({ weights: [3, 2, 3, 9], x: [2, 2, 7, 41], y: [2, 3, 5, 33], more: { opset: 9 } }),
      operators: [...LAID_OUT, 'Slice'],
      evidence: avx512,
    },
    {
      name: 'the end of a style transfer: opset 7, a free batch, sizes that no one declares, a Crop behind',
      model: model({
        nodes: [
          node('ConvTranspose', ['x', 'up'], ['t'], { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] }),
          node('Pad', ['t'], ['p'], { pads: [0, 0, 4, 4, 0, 0, 4, 4], mode: 'reflect' }),
          node('Conv', ['p', 'w'], ['c'], { kernel_shape: [9, 9], pads: [4, 4, 4, 4] }),
          node('Crop', ['c'], ['y'], { border: [4, 4, 4, 4] }),
        ],
        inputs: [valueInfo('x', 'float32', ['n', 8, 10, 10])],
        outputs: [valueInfo('y', 'float32', ['n', 3, 20, 20])],
        initializers: [weight('up', [8, 4, 3, 3]), weight('w', [3, 4, 9, 9])],
        opset: 7,
      }),
      operators: ['ConvTranspose', 'Pad', ...LAID_OUT, 'Slice', 'Crop'],
      evidence: avx512,
    },
  ],
  leaves: [
    {
      name: 'as many channels as lanes',
      model: convolved({ weights: [16, 3, 3, 3], x: [1, 3, 9, 9], y: [1, 16, 7, 7] }),
      evidence: avx512,
    },
    {
      name: 'a short kernel, which shifting widens by as much as it saves',
      model: convolved({ weights: [8, 3, 1, 1], x: [1, 3, 9, 9], y: [1, 8, 9, 9] }),
      evidence: avx512,
    },
    {
      name: 'groups',
      model: convolved({ weights: [2, 1, 3, 5], x: [1, 2, 18, 36], y: [1, 2, 16, 32], attributes: { group: 2 } }),
      evidence: avx512,
    },
    {
      name: 'sizes that may be others at the next call',
      model: convolved({ weights: [1, 3, 3, 5], x: [1, 3, 'h', 'w'], y: [1, 1, 'h2', 'w2'] }),
      sizes: { h: 18, w: 36 },
      evidence: avx512,
    },
    {
      name: 'weights that a caller may give',
      model: convolved({
        weights: [1, 3, 3, 5],
        x: [1, 3, 18, 36],
        y: [1, 1, 16, 32],
        more: { inputs: [valueInfo('x', 'float32', [1, 3, 18, 36]), valueInfo('w', 'float32', [1, 3, 3, 5])] },
      }),
      evidence: avx512,
    },
    {
      name: 'sizes that follow from what is not known',
      model: model({
        nodes: [node('Upsample', ['x', 's'], ['u']), node('Conv', ['u', 'w'], ['y'])],
        inputs: [valueInfo('x', 'float32', [1, 3, 9, 18]), valueInfo('s', 'float32', [4])],
        outputs: [valueInfo('y', 'float32', [1, 1, 'h', 'w'])],
        initializers: [weight('w', [1, 3, 3, 5])],
        opset: 9,
      }),
      feeds: {
        x: { dtype: 'float32', shape: [1, 3, 9, 18], data: new Float32Array(9 * 18 * 3) },
        s: { dtype: 'float32', shape: [4], data: Float32Array.of(1, 1, 2, 2) },
      },
      evidence: avx512,
    },
  ],
})
