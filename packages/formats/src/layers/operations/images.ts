// Images in a functional graph: cut, surrounded, taken to pieces, blurred, in other colours. keras/src/ops/{image,nn}.py

import { binary, cast, constantOf, scalar, unary, where, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { reduce } from '@whyslow/graph/builder/reduce.ts'
import { concat, crop, reshape, slice, split, squeeze, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import { mirror, pad } from '../../tensorflow/pad.ts'
import { wholesIn } from '../arguments.ts'
import { asLayer, isChannelsFirst } from './as-layer.ts'
import { float, knownSize, numberIn, type Operation, tensor, type WriteOperation } from './operation.ts'

export const imageOperations: ReadonlyMap<string, WriteOperation> = new Map<string, WriteOperation>([
  ['CropImages', (op) => framedBy(op, 'cropping')],
  ['PadImages', (op) => framedBy(op, 'padding')],
  ['ExtractPatches', patches],
  ['ExtractPatches3D', patches],
  ['GaussianBlur', blurred],
  ['SobelEdges', edges],
  ['RGBToGrayscale', grey],
  ['RGBToHSV', (op) => inColours(op, toHsv)],
  ['HSVToRGB', (op) => inColours(op, toRgb)],
  ['SSIM', similarity],
  ['Unfold', unfolded],
  ['Fold', folded],
])

const SIDES = [
  ['top', 'bottom', 'target_height'],
  ['left', 'right', 'target_width'],
] as const

/** Cells taken away or added on four sides, of which two may follow from the size that is wanted. */
function framedBy(op: Operation, what: 'cropping' | 'padding'): Value {
  const x = tensor(op, 0)
  const rank = x.shape.length
  const first = isChannelsFirst(op) ? rank - 2 : rank - 3
  const pairs = x.shape.map((): [number, number] => [0, 0])
  for (const [k, [before, after, target]] of SIDES.entries()) {
    const axis = first + k
    const told = [before, after].map((side) => op.settings[`${side}_${what}`] ?? null)
    const whole = () => {
      const distance = knownSize(op, x, axis) - numberIn(op, target)
      return what === 'cropping' ? distance : -distance
    }
    const [one, other] = told as (number | null)[]
    const known = op.settings[target] ?? null
    const pair: [number, number] = [one ?? whole() - (other ?? 0), other ?? (known === null ? 0 : whole() - (one ?? 0))]
    if (pair.some((size) => !Number.isInteger(size) || size < 0)) throw op.refuse(`has sizes that do not fit its ${what}`)
    pairs[axis] = pair
  }
  return what === 'padding' ? pad(op.builder, x, pairs) : crop(op.builder, x, 0, pairs)
}

/** A list of one is for all axes. */
const alone = (sizes: readonly number[] | undefined) => (sizes?.length === 1 ? sizes[0] : sizes)

/** A convolution whose kernel takes each cell of a window to a channel of its own. */
function patches(op: Operation): Value {
  const x = float(op, 0)
  const told = wholesIn(op.settings.size)
  if (told === undefined) throw op.refuse('has patches of a size that is not known')
  const axes = told.length > 1 ? told.length : op.config.raw('volumes') !== undefined || x.shape.length === 5 ? 3 : 2
  const kernel = told.length > 1 ? told : new Array<number>(axes).fill(told[0]!)
  const batched = x.shape.length === axes + 2
  const given = batched ? x : unsqueeze(op.builder, x, [0])
  const channels = knownSize(op, given, isChannelsFirst(op) ? 1 : axes + 1)
  const cells = kernel.reduce((product, size) => product * size, channels)
  const identity = constantOf(
    'float32',
    [...kernel, channels, cells],
    Array.from({ length: cells * cells }, (_, at) => Number(Math.floor(at / cells) === at % cells)),
  )
  const strides = op.settings.strides ?? null
  const made = asLayer(
    op,
    `Conv${axes}D`,
    {
      filters: cells,
      kernel_size: kernel,
      strides: strides === null ? kernel : (alone(wholesIn(strides)) ?? kernel),
      dilation_rate: alone(wholesIn(op.settings.dilation_rate)) ?? 1,
      padding: String(op.settings.padding ?? 'valid').toLowerCase(),
      groups: 1,
      use_bias: false,
    },
    { x: given, arrays: new Map([['kernel', identity]]) },
  )
  return batched ? made : squeeze(op.builder, made, [0])
}

/** exp(-(x / sigma)² / 2) over a window, in shares of its sum. */
function bell(size: number, sigma: number): number[] {
  const values = Array.from({ length: size }, (_, k) => Math.exp(-0.5 * ((k - (size - 1) / 2) / sigma) ** 2))
  const sum = values.reduce((total, value) => total + value, 0)
  return values.map((value) => value / sum)
}

/** The same kernel over each channel. */
function overChannels(op: Operation, x: Value, kernel: readonly (readonly number[])[], padding: 'same' | 'valid'): Value {
  const channels = knownSize(op, x, isChannelsFirst(op) ? 1 : 3)
  const [height, width] = [kernel.length, kernel[0]!.length]
  const values = kernel.flat().flatMap((value) => new Array<number>(channels).fill(value))
  const arrays = new Map([['depthwise_kernel', constantOf('float32', [height, width, channels, 1], values)]])
  return asLayer(op, 'DepthwiseConv2D', { kernel_size: [height, width], padding, use_bias: false }, { x, arrays })
}

/** Writes one image as a batch of one. */
function inBatch(op: Operation, write: (x: Value) => Value): Value {
  const x = float(op, 0)
  return x.shape.length === 3 ? squeeze(op.builder, write(unsqueeze(op.builder, x, [0])), [0]) : write(x)
}

/** Keras builds the kernel's rows by the second sigma and its columns by the first, and reshapes it to the size that was told. */
function blurred(op: Operation): Value {
  const sizes = wholesIn(op.settings.kernel_size ?? [3, 3]) ?? []
  const sigmas = (op.settings.sigma ?? [1, 1]) as readonly number[]
  const [height, width] = sizes.length === 1 ? [sizes[0]!, sizes[0]!] : (sizes as [number, number])
  if (height === undefined || width === undefined || !Array.isArray(sigmas)) throw op.refuse('blurs by what is not known')
  const [first, second] = [bell(height, sigmas[0]!), bell(width, sigmas[1]!)]
  const flatKernel = second.flatMap((a) => first.map((b) => a * b))
  const kernel = Array.from({ length: height }, (_, row) => flatKernel.slice(row * width, (row + 1) * width))
  return inBatch(op, (x) => overChannels(op, x, kernel, 'same'))
}

const SOBEL = [
  [
    [-1, -2, -1],
    [0, 0, 0],
    [1, 2, 1],
  ],
  [
    [-1, 0, 1],
    [-2, 0, 2],
    [-1, 0, 1],
  ],
]

/** Slopes down and to the right, as the last axis; the image is mirrored at its edges. */
function edges(op: Operation): Value {
  const { builder } = op
  const x = float(op, 0)
  const spatial = isChannelsFirst(op) ? [2, 3] : [1, 2]
  const around = mirror(
    builder,
    x,
    x.shape.map((_, axis): [number, number] => (spatial.includes(axis) ? [1, 1] : [0, 0])),
    false,
  )
  const parts = SOBEL.map((kernel) => unsqueeze(builder, overChannels(op, around, kernel, 'valid'), [4]))
  return concat(builder, parts, 4)
}

const channelsOf = (op: Operation): number => (isChannelsFirst(op) ? -3 : -1)

function grey(op: Operation): Value {
  const { builder } = op
  const given = tensor(op, 0)
  const x = float(op, 0)
  const axis = x.shape.length + channelsOf(op)
  if (knownSize(op, x, axis) === 1) return given
  const weights = builder.constant(
    constantOf('float32', [3, ...new Array<number>(x.shape.length - 1 - axis).fill(1)], [0.2989, 0.587, 0.114]),
  )
  const sum = reduce(builder, 'ReduceSum', binary(builder, 'Mul', x, weights), { axes: [axis], keepDims: true })
  return cast(builder, sum, given.dtype)
}

function inColours(op: Operation, write: (op: Operation, parts: readonly [Value, Value, Value]) => readonly Value[]): Value {
  const x = float(op, 0)
  const axis = x.shape.length + channelsOf(op)
  if (knownSize(op, x, axis) !== 3) throw op.refuse('has other channels than three')
  const parts = split(op.builder, x, [1, 1, 1], axis) as [Value, Value, Value]
  return concat(op.builder, write(op, parts), axis)
}

/** tf.image.rgb_to_hsv: hue in sixths by the largest colour, grey has none. */
function toHsv({ builder }: Operation, [red, green, blue]: readonly [Value, Value, Value]): readonly Value[] {
  const max = (a: Value, b: Value): Value => binary(builder, 'Max', a, b)
  const min = (a: Value, b: Value): Value => binary(builder, 'Min', a, b)
  const value = max(max(red, green), blue)
  const range = binary(builder, 'Sub', value, min(min(red, green), blue))
  const zero = scalar(builder, value.dtype, 0)
  const saturation = where(builder, withNumber(builder, 'Greater', value, 0), binary(builder, 'Div', range, value), zero)
  const norm = withNumber(builder, 'Div', unary(builder, 'Reciprocal', range), 6)
  const towards = (a: Value, b: Value, turn: number): Value =>
    withNumber(builder, 'Add', binary(builder, 'Mul', norm, binary(builder, 'Sub', a, b)), turn)
  const isMost = (part: Value): Value => binary(builder, 'Equal', part, value)
  const hue = where(
    builder,
    isMost(red),
    towards(green, blue, 0),
    where(builder, isMost(green), towards(blue, red, 2 / 6), towards(red, green, 4 / 6)),
  )
  const positive = where(builder, withNumber(builder, 'Less', hue, 0), withNumber(builder, 'Add', hue, 1), hue)
  return [where(builder, withNumber(builder, 'Greater', range, 0), positive, zero), saturation, value]
}

/** tf.image.hsv_to_rgb */
function toRgb({ builder }: Operation, [hue, saturation, value]: readonly [Value, Value, Value]): readonly Value[] {
  const sixths = withNumber(builder, 'Mul', hue, 6)
  const limited = (x: Value): Value => builder.op('Clip', [x, scalar(builder, x.dtype, 0), scalar(builder, x.dtype, 1)], x)
  const distance = (turn: number): Value => unary(builder, 'Abs', withNumber(builder, 'Sub', sixths, turn))
  const red = limited(withNumber(builder, 'Sub', distance(3), 1))
  const [green, blue] = [2, 4].map((turn) => limited(binary(builder, 'Sub', scalar(builder, hue.dtype, 2), distance(turn))))
  const grey = binary(builder, 'Sub', scalar(builder, hue.dtype, 1), saturation)
  return [red, green!, blue!].map((part) =>
    binary(builder, 'Mul', binary(builder, 'Add', grey, binary(builder, 'Mul', saturation, part)), value),
  )
}

/** How alike two images are, by means, variances and covariances under a bell. */
function similarity(op: Operation): Value {
  const { builder } = op
  const pair = [float(op, 0), float(op, 1)].map((x) => (x.shape.length === 3 ? unsqueeze(builder, x, [0]) : x)) as [Value, Value]
  const [size, sigma, most] = [numberIn(op, 'filter_size', 11), numberIn(op, 'filter_sigma', 1.5), numberIn(op, 'max_val', 1)]
  const row = bell(size, sigma)
  const kernel = row.map((a) => row.map((b) => a * b))
  const mean = (x: Value): Value => overChannels(op, x, kernel, 'valid')
  const times = (a: Value, b: Value): Value => binary(builder, 'Mul', a, b)
  const [a, b] = pair
  const [meanA, meanB] = [mean(a), mean(b)]
  const spread = (x: Value, y: Value, p: Value, q: Value): Value => binary(builder, 'Sub', mean(times(x, y)), times(p, q))
  const [c1, c2] = [(numberIn(op, 'k1', 0.01) * most) ** 2, (numberIn(op, 'k2', 0.03) * most) ** 2]
  const twice = (x: Value, more: number): Value => withNumber(builder, 'Add', withNumber(builder, 'Mul', x, 2), more)
  const over = times(twice(times(meanA, meanB), c1), twice(spread(a, b, meanA, meanB), c2))
  const sum = (x: Value, y: Value, more: number): Value => withNumber(builder, 'Add', binary(builder, 'Add', x, y), more)
  const under = times(
    sum(times(meanA, meanA), times(meanB, meanB), c1),
    sum(spread(a, a, meanA, meanA), spread(b, b, meanB, meanB), c2),
  )
  const made = reduce(builder, 'ReduceMean', binary(builder, 'Div', over, under), { axes: [1, 2, 3] })
  return tensor(op, 0).shape.length === 3 ? squeeze(builder, made, [0]) : made
}

const pairIn = (op: Operation, key: string, fallback: number): readonly [number, number] => {
  const [first = fallback, second = first] = wholesIn(op.settings[key] ?? fallback) ?? []
  return [first, second]
}

interface Windows {
  readonly kernel: readonly [number, number]
  readonly dilation: readonly [number, number]
  readonly padding: readonly [number, number]
  readonly stride: readonly [number, number]
}

const windowsIn = (op: Operation): Windows => ({
  kernel: pairIn(op, 'kernel_size', 1),
  dilation: pairIn(op, 'dilation', 1),
  padding: pairIn(op, 'padding', 0),
  stride: pairIn(op, 'stride', 1),
})

/** [n, channels · cells of a window, windows] of an image with its channels first. */
function unfolded(op: Operation): Value {
  const { builder } = op
  const x = float(op, 0)
  const { kernel, dilation, padding, stride } = windowsIn(op)
  const around = pad(builder, x, [
    [0, 0],
    [0, 0],
    [padding[0], padding[0]],
    [padding[1], padding[1]],
  ])
  const sizes = [0, 1].map((k) => {
    const size = knownSize(op, around, 2 + k)
    return Math.floor((size - dilation[k]! * (kernel[k]! - 1) - 1) / stride[k]!) + 1
  })
  const span = (k: number, cell: number) => {
    const start = cell * dilation[k]!
    return { axis: 2 + k, start, end: start + (sizes[k]! - 1) * stride[k]! + 1, step: stride[k]! }
  }
  const cells = Array.from({ length: kernel[0] * kernel[1] }, (_, cell) =>
    unsqueeze(builder, slice(builder, around, [span(0, Math.floor(cell / kernel[1])), span(1, cell % kernel[1])]), [2]),
  )
  const whole = concat(builder, cells, 2)
  return reshape(builder, whole, [x.shape[0]!, knownSize(op, x, 1) * kernel[0] * kernel[1], sizes[0]! * sizes[1]!])
}

/** Windows put back into the image, added where they meet: a transposed convolution that copies. */
function folded(op: Operation): Value {
  const { builder } = op
  const x = float(op, 0)
  const { kernel, dilation, padding, stride } = windowsIn(op)
  const output = pairIn(op, 'output_size', 1)
  const counts = [0, 1].map(
    (k) => Math.floor((output[k]! + 2 * padding[k]! - dilation[k]! * (kernel[k]! - 1) - 1) / stride[k]!) + 1,
  )
  const area = kernel[0] * kernel[1]
  const channels = knownSize(op, x, 1) / area
  const rows = reshape(builder, x, [x.shape[0]!, channels * area, counts[0]!, counts[1]!])
  const copies = Array.from({ length: channels * area * area }, (_, at) => Number(at % area === Math.floor(at / area) % area))
  const weights = builder.constant(constantOf('float32', [channels * area, 1, kernel[0], kernel[1]], copies))
  const reached = [0, 1].map((k) => (counts[k]! - 1) * stride[k]! + dilation[k]! * (kernel[k]! - 1) + 1 - 2 * padding[k]!)
  const rest = [0, 1].map((k) => output[k]! - reached[k]!)
  return builder.op(
    'ConvTranspose',
    [rows, weights],
    { dtype: x.dtype, shape: [x.shape[0]!, channels, output[0], output[1]] },
    {
      strides: stride,
      dilations: dilation,
      pads: [...padding, ...padding],
      group: channels,
      ...(rest.some((one) => one > 0) ? { output_padding: rest } : {}),
    },
  )
}
