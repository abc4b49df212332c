import { floatTensor, int64Tensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { weight } from '../../../test/support/remedies/example-weights.ts'
import { upsampledConvolutions } from './upsampled-convolutions.ts'

type Attributes = Readonly<Record<string, number | readonly number[] | string>>

interface Given {
  readonly weights: readonly number[]
  readonly x: readonly (number | string)[]
  readonly factors?: readonly number[]
  readonly resize?: Attributes
  readonly conv?: Attributes
  /** Around the upsampled map. */
  readonly pad?: { readonly mode: string; readonly pads: readonly number[]; readonly value?: number }
  readonly bias?: boolean
  readonly opset?: number
  /** Nodes from 'c', what the convolution gives, to 'y'. */
  readonly after?: readonly ReturnType<typeof node>[]
  readonly more?: Partial<Parameters<typeof model>[0]>
}

const FLOOR = { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }

/** As that opset has them, x -> u -> p -> y. */
function upsampled(given: Given) {
  const { weights, x, factors = [2, 2], resize = FLOOR, conv = {}, pad, bias = true, opset = 17, after, more = {} } = given
  const scales = [1, 1, ...factors]
  const up = ((): ReturnType<typeof node> => {
    if (opset < 9) return node('Upsample', ['x'], ['u'], { mode: 'nearest', scales: { floats: scales } })
    if (opset < 10) return node('Upsample', ['x', 'scales'], ['u'], { mode: 'nearest' })
    if (opset < 11) return node('Resize', ['x', 'scales'], ['u'], { mode: 'nearest' })
    return node('Resize', ['x', opset < 13 ? 'none' : '', 'scales'], ['u'], { mode: 'nearest', ...resize })
  })()
  const rank = x.length
  const around = pad && [0, 0, ...pad.pads.slice(0, rank - 2), 0, 0, ...pad.pads.slice(rank - 2)]
  const value = pad?.value === undefined ? [] : ['value']
  const padded = ((): readonly ReturnType<typeof node>[] => {
    if (around === undefined) return []
    if (opset < 11) return [node('Pad', ['u'], ['p'], { mode: pad!.mode, pads: around })]
    return [node('Pad', ['u', 'pads', ...value], ['p'], { mode: pad!.mode })]
  })()
  const parameters = bias ? ['w', 'b'] : ['w']
  return model({
    nodes: [up, ...padded, node('Conv', [pad ? 'p' : 'u', ...parameters], [after ? 'c' : 'y'], conv), ...(after ?? [])],
    inputs: [valueInfo('x', 'float32', x)],
    outputs: [
      valueInfo(
        'y',
        'float32',
        x.map((_, axis) => `y${axis}`),
      ),
    ],
    initializers: [
      weight('w', weights),
      ...(bias ? [weight('b', [weights[0]!])] : []),
      ...(opset === 11 ? [floatTensor('none', [0], [])] : []),
      ...(opset < 9 ? [] : [floatTensor('scales', [rank], scales)]),
      ...(around && opset >= 11 ? [int64Tensor('pads', [around.length], around)] : []),
      ...(pad?.value === undefined ? [] : [floatTensor('value', [], [pad.value])]),
      ...['scale', 'shift', 'mean', 'variance'].map((name) => floatTensor(name, [2], [0.5, 1.25])),
    ],
    opset,
    ...more,
  })
}

/** Random geometries: factors, kernels, pads of every kind, odd sizes. */
const geometries = Array.from({ length: 60 }, (_, k) => {
  const random = mulberry32(k + 1)
  const from = (low: number, high: number) => low + Math.floor(random() * (high - low + 1))
  const factor = from(2, 4)
  const kernel = [from(3, 6), from(3, 6)]
  const sides = (most: number) => Array.from({ length: 4 }, () => from(0, most))
  const mode = ['none', 'constant', 'edge', 'reflect'][from(0, 3)]!
  const opset = [7, 9, 10, 11, 13, 17][from(0, 5)]!
  const ownPads = mode === 'none' || mode === 'constant' ? sides(kernel[0]! + 1) : [0, 0, 0, 0]
  const auto = mode === 'none' && random() < 0.3 ? ['SAME_UPPER', 'SAME_LOWER', 'VALID'][from(0, 2)] : undefined
  const pads = sides(mode === 'reflect' ? factor - 1 : 5)
  const given: Given = {
    weights: [2, 3, ...kernel],
    x: [2, 3, from(4, 7), from(4, 7)],
    factors: [factor, factor],
    conv: auto ? { auto_pad: auto } : { pads: ownPads },
    ...(mode === 'none' ? {} : { pad: { mode, pads } }),
    bias: random() < 0.5,
    opset,
  }
  const name = `opset ${opset}, ${factor} times, kernel ${kernel}, ${auto ?? ownPads}, ${mode} ${pads}`
  const [most] = kernel.map((taps) => (Math.ceil((taps - 1) / factor) + 1) / taps).sort((a, b) => b - a)
  return most! > 0.8 ? [] : [{ name, model: upsampled(given) }]
}).flat()

checkRemedy(upsampledConvolutions, {
  applies: [
    ...geometries,
    {
      name: 'super-resolution: 3×3 after 2×2, zeros around, free sizes',
      model: upsampled({ weights: [2, 3, 3, 3], x: ['n', 3, 'h', 'w'], conv: { pads: [1, 1, 1, 1] } }),
      sizes: { n: 2, h: 5, w: 4 },
      operators: ['Conv', 'DepthToSpace', 'Slice'],
      changes: /^1 convolution after/,
    },
    {
      name: 'style transfer: mirrored by one, so that edges are repeated around the small map',
      model: upsampled({
        weights: [2, 3, 3, 3],
        x: [1, 3, 5, 4],
        pad: { mode: 'reflect', pads: [1, 1, 1, 1] },
        after: [node('Relu', ['c'], ['y'])],
      }),
      operators: ['Pad', 'Conv', 'Relu', 'DepthToSpace', 'Slice'],
    },
    {
      name: 'half a pixel in, as the default has it',
      model: upsampled({ weights: [2, 3, 3, 3], x: [1, 3, 5, 4], factors: [3, 3], resize: {}, conv: { pads: [1, 1, 1, 1] } }),
    },
    {
      name: 'to sizes',
      model: upsampled({
        weights: [2, 3, 3, 3],
        x: [1, 3, 5, 4],
        conv: { pads: [1, 1, 1, 1] },
        more: {
          nodes: [
            node('Resize', ['x', '', '', 'sizes'], ['u'], { mode: 'nearest', ...FLOOR }),
            node('Conv', ['u', 'w'], ['y'], { pads: [1, 1, 1, 1] }),
          ],
          initializers: [weight('w', [2, 3, 3, 3]), int64Tensor('sizes', [4], [1, 3, 10, 8])],
        },
      }),
      operators: ['Conv', 'DepthToSpace', 'Slice'],
    },
    {
      name: 'one axis',
      model: upsampled({ weights: [2, 3, 7], x: ['n', 3, 'frames'], factors: [2], conv: { pads: [3, 3] } }),
      sizes: { frames: 7 },
      operators: ['Conv', 'Reshape', 'Transpose', 'Reshape', 'Slice'],
    },
    {
      name: 'BatchNormalization and activation stay next to the convolution',
      model: upsampled({
        weights: [2, 3, 3, 3],
        x: [1, 3, 6, 7],
        conv: { pads: [1, 1, 1, 1] },
        after: [node('BatchNormalization', ['c', 'scale', 'shift', 'mean', 'variance'], ['n']), node('Relu', ['n'], ['y'])],
      }),
      operators: ['Conv', 'BatchNormalization', 'Relu', 'DepthToSpace', 'Slice'],
    },
    {
      name: 'two convolutions of one map, which nobody makes then',
      model: upsampled({
        weights: [2, 3, 3, 3],
        x: [1, 3, 5, 4],
        more: {
          nodes: [
            node('Resize', ['x', '', 'scales'], ['u'], { mode: 'nearest', ...FLOOR }),
            node('Conv', ['u', 'w'], ['c1']),
            node('Conv', ['u', 'w'], ['c2']),
            node('Add', ['c1', 'c2'], ['y']),
          ],
        },
      }),
      changes: /^2 convolutions/,
      operators: ['Conv', 'Conv', 'DepthToSpace', 'DepthToSpace', 'Add'],
    },
  ],
  leaves: [
    { name: 'a kernel of one', model: upsampled({ weights: [2, 3, 1, 1], x: [1, 3, 5, 5] }) },
    { name: 'groups', model: upsampled({ weights: [3, 1, 3, 3], x: [1, 3, 5, 5], conv: { group: 3 } }) },
    { name: 'strides', model: upsampled({ weights: [2, 3, 3, 3], x: [1, 3, 5, 5], conv: { strides: [2, 2] } }) },
    { name: 'dilations', model: upsampled({ weights: [2, 3, 3, 3], x: [1, 3, 5, 5], conv: { dilations: [2, 2] } }) },
    { name: 'two factors', model: upsampled({ weights: [2, 3, 3, 3], x: [1, 3, 5, 5], factors: [2, 3] }) },
    {
      name: 'between the corners',
      model: upsampled({
        weights: [2, 3, 3, 3],
        x: [1, 3, 5, 5],
        resize: { coordinate_transformation_mode: 'align_corners', nearest_mode: 'floor' },
      }),
    },
    { name: 'linear', model: upsampled({ weights: [2, 3, 3, 3], x: [1, 3, 5, 5], resize: { ...FLOOR, mode: 'linear' } }) },
    {
      name: 'mirrored by more than is repeated',
      model: upsampled({ weights: [2, 3, 5, 5], x: [1, 3, 5, 5], pad: { mode: 'reflect', pads: [2, 2, 2, 2] } }),
    },
    {
      name: 'repeated edges, and zeros around those',
      model: upsampled({
        weights: [2, 3, 3, 3],
        x: [1, 3, 5, 5],
        pad: { mode: 'edge', pads: [1, 1, 1, 1] },
        conv: { pads: [1, 1, 1, 1] },
      }),
    },
    {
      name: 'ones around it',
      model: upsampled({ weights: [2, 3, 3, 3], x: [1, 3, 5, 5], pad: { mode: 'constant', pads: [1, 1, 1, 1], value: 1 } }),
    },
    {
      name: 'less than half a percent of the prediction',
      model: upsampled({ weights: [2, 3, 3, 3], x: [1, 3, 5, 5] }),
      profiled: true,
      evidence: { p50Ms: 1000 },
    },
  ],
})
