import { floatTensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { weight } from '../../../test/support/remedies/example-weights.ts'
import { transposedConvolutions } from './transposed-convolutions.ts'

interface Given {
  readonly weights: readonly number[]
  readonly x: readonly (number | string)[]
  /** By default of unknown size. */
  readonly y?: readonly (number | string)[]
  readonly attributes?: Readonly<Record<string, number | readonly number[] | string>>
  /** Nodes from 't', what the transposed convolution gives, to 'y'. */
  readonly after?: readonly ReturnType<typeof node>[]
  readonly bias?: boolean
  readonly opset?: number
  readonly more?: Partial<Parameters<typeof model>[0]>
}

const upsampled = ({ weights, x, y, attributes = {}, after, bias = false, opset = 17, more = {} }: Given) => {
  const parameters = [weight('w', weights), ...(bias ? [weight('b', [weights[1]! * (Number(attributes.group) || 1)])] : [])]
  const inputs = ['x', ...parameters.map(({ name }) => name)]
  return model({
    nodes: [node('ConvTranspose', inputs, [after ? 't' : 'y'], attributes), ...(after ?? [])],
    inputs: [valueInfo('x', 'float32', x)],
    outputs: [valueInfo('y', 'float32', y ?? x.map((_, axis) => `y${axis}`))],
    initializers: [...parameters, ...['scale', 'shift', 'mean', 'variance'].map((name) => floatTensor(name, [2], [0.5, 1.25]))],
    opset,
    ...more,
  })
}

/** Every geometry on two axes that the engine takes, with those of the style transfer and of U-Nets among them. */
const geometries = [2, 3, 4].flatMap((stride) =>
  [2, 3, 4, 5].flatMap((kernel) =>
    [0, 1].flatMap((pad) =>
      [0, 1].flatMap((added) => {
        const taps = Math.ceil(kernel / stride)
        if ((taps * stride) / kernel > 1.5) return []
        return {
          name: `stride ${stride}, kernel ${kernel}, pads ${pad}, ${added} more`,
          model: upsampled({
            weights: [3, 2, kernel, kernel],
            x: [2, 3, 5, 4],
            attributes: { strides: [stride, stride], pads: [pad, pad, pad, pad], output_padding: [added, added] },
            bias: true,
          }),
        }
      }),
    ),
  ),
)

/** Pads that follow from the size of the output, which may be larger than the kernel reaches. */
const sized = ['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'].flatMap((auto) =>
  [-2, -1, 0, 1].map((more) => ({
    name: `output_shape with ${auto}, ${more} more than twice the input`,
    model: upsampled({
      weights: [3, 2, 3, 4],
      x: [2, 3, 5, 6],
      attributes: { strides: [2, 2], auto_pad: auto, output_shape: [10 + more, 12 + more] },
      bias: true,
    }),
  })),
)

checkRemedy(transposedConvolutions, {
  applies: [
    ...geometries,
    ...sized,
    ...['SAME_UPPER', 'SAME_LOWER'].map((auto) => ({
      name: `${auto}, free sizes`,
      model: upsampled({ weights: [3, 2, 3, 4], x: ['n', 3, 'h', 'w'], attributes: { strides: [2, 2], auto_pad: auto } }),
      sizes: { h: 5, w: 6 },
    })),
    ...['SAME_UPPER', 'SAME_LOWER'].map((auto) => ({
      name: `${auto}, kernel below the stride, free sizes`,
      model: upsampled({
        weights: [3, 2, 3, 3],
        x: ['n', 3, 'h', 'w'],
        attributes: { strides: [4, 4], auto_pad: auto },
        bias: true,
      }),
      sizes: { h: 5, w: 6 },
    })),
    {
      name: 'kernel as long as the stride: one tap for each phase',
      model: upsampled({ weights: [3, 2, 2, 2], x: ['n', 3, 'h', 'w'], attributes: { strides: [2, 2] }, bias: true }),
      sizes: { n: 2, h: 5, w: 4 },
      operators: ['Conv', 'DepthToSpace'],
      changes: /^1 transposed convolution/,
    },
    {
      name: 'opset 7, positions cut, sizes that are known at the call',
      model: upsampled({
        weights: [3, 2, 4, 4],
        x: ['n', 3, 'h', 'w'],
        attributes: { strides: [2, 2], pads: [1, 1, 1, 1] },
        opset: 7,
      }),
      sizes: { h: 5, w: 4 },
      operators: ['Conv', 'DepthToSpace', 'Slice'],
    },
    {
      name: 'cut along one axis alone',
      model: upsampled({
        weights: [3, 2, 2, 4],
        x: [2, 3, 5, 4],
        attributes: { strides: [2, 2], pads: [0, 1, 0, 1], auto_pad: 'NOTSET' },
      }),
      operators: ['Conv', 'DepthToSpace', 'Slice'],
    },
    {
      name: 'one spatial axis, as vocoders have them',
      model: upsampled({ weights: [4, 3, 16], x: ['n', 4, 'frames'], attributes: { strides: [8], pads: [4, 4] }, bias: true }),
      sizes: { frames: 7 },
      operators: ['Conv', 'Reshape', 'Transpose', 'Reshape', 'Slice'],
    },
    {
      name: 'stride 1: a convolution with the kernel turned around',
      model: upsampled({ weights: [3, 2, 3, 5], x: [1, 3, 6, 7], attributes: { pads: [1, 2, 0, 1] }, bias: true }),
      operators: ['Conv'],
    },
    {
      name: 'BatchNormalization and activation stay beside the convolution, which takes them in',
      model: upsampled({
        weights: [3, 2, 2, 2],
        x: [1, 3, 6, 7],
        attributes: { strides: [2, 2] },
        after: [node('BatchNormalization', ['t', 'scale', 'shift', 'mean', 'variance'], ['n']), node('Relu', ['n'], ['y'])],
      }),
      operators: ['Conv', 'BatchNormalization', 'Relu', 'DepthToSpace'],
    },
    {
      name: 'stride 1 with an activation',
      model: upsampled({ weights: [3, 2, 3, 3], x: [1, 3, 6, 7], after: [node('Relu', ['t'], ['y'])] }),
      operators: ['Conv', 'Relu'],
    },
  ],
  leaves: [
    { name: 'groups', model: upsampled({ weights: [4, 1, 2, 2], x: [1, 4, 5, 5], attributes: { strides: [2, 2], group: 2 } }) },
    {
      name: 'more zeros than taps',
      model: upsampled({ weights: [3, 2, 1, 1], x: [1, 3, 5, 5], attributes: { strides: [2, 2] } }),
    },
    {
      name: 'output_shape over a free size',
      model: upsampled({ weights: [3, 2, 2, 2], x: [1, 3, 'h', 5], attributes: { strides: [2, 2], output_shape: [10, 10] } }),
      sizes: { h: 5 },
    },
    { name: 'two strides', model: upsampled({ weights: [3, 2, 2, 2], x: [1, 3, 5, 5], attributes: { strides: [2, 1] } }) },
    {
      name: 'dilations',
      model: upsampled({ weights: [3, 2, 2, 2], x: [1, 3, 5, 5], attributes: { strides: [2, 2], dilations: [2, 2] } }),
    },
    {
      name: 'weights that a caller may give',
      model: upsampled({
        weights: [3, 2, 2, 2],
        x: [1, 3, 5, 5],
        attributes: { strides: [2, 2] },
        more: { inputs: [valueInfo('x', 'float32', [1, 3, 5, 5]), valueInfo('w', 'float32', [3, 2, 2, 2])] },
      }),
    },
    {
      name: 'less than half a percent of the prediction',
      model: upsampled({ weights: [3, 2, 2, 2], x: [1, 3, 5, 5], attributes: { strides: [2, 2] } }),
      profiled: true,
      evidence: { p50Ms: 1000 },
    },
  ],
})
