import { floatTensor, model, modelInMemory, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import type { NodeProto } from 'onnx-buf'
import { describe, expect, test } from 'vitest'
import { firstLayers } from './layers/first-layers.ts'
import { answersTo } from './photo-answers.ts'
import type { PictureNumbers } from './picture-numbers.ts'
import { BYTES, findPixels, valueRange } from './pixels.ts'

const OUTPUTS = 16
const random = mulberry32(5)
const drawnNumbers = (count: number, size = 1) => Array.from({ length: count }, () => size * normal(random))
const KERNELS = { 3: drawnNumbers(OUTPUTS * 3 * 9, 0.3), 1: drawnNumbers(OUTPUTS * 9, 0.5) } as const

interface Given {
  readonly channels?: 1 | 3
  readonly before?: readonly [opType: string, constant: readonly number[]][]
  readonly bias?: readonly number[]
  /** Mean and variance of the batch normalization behind the convolution. */
  readonly moments?: { readonly mean: readonly number[]; readonly variance: readonly number[] }
  readonly behind?: string
  readonly kernel?: number
}

/** An image, nodes with constants, a convolution, and what follows it. */
function modelOf({ channels = 3, before = [], bias, moments, behind = 'Relu', kernel = 1 }: Given) {
  const tensors = [
    floatTensor(
      'w',
      [OUTPUTS, channels, 3, 3],
      Float32Array.from(KERNELS[channels], (one) => one * kernel),
    ),
    ...(bias ? [floatTensor('b', [OUTPUTS], Float32Array.from(bias))] : []),
    ...before.map(([, constant], k) =>
      floatTensor(`c${k}`, constant.length === 1 ? [1] : [1, channels, 1, 1], Float32Array.from(constant)),
    ),
  ]
  const nodes = before.map(([opType], k) => node(opType, [k === 0 ? 'x' : `x${k - 1}`, `c${k}`], [`x${k}`]))
  nodes.push(node('Conv', [before.length === 0 ? 'x' : `x${before.length - 1}`, 'w', ...(bias ? ['b'] : [])], ['y']))
  if (moments) {
    const ones = new Array<number>(OUTPUTS).fill(1)
    const parts = { g: ones, h: ones, mean: moments.mean, variance: moments.variance }
    for (const [name, values] of Object.entries(parts)) tensors.push(floatTensor(name, [OUTPUTS], Float32Array.from(values)))
    nodes.push(node('BatchNormalization', ['y', ...Object.keys(parts)], ['z']))
  } else nodes.push(node(behind, ['y'], ['z']))
  return modelInMemory(
    model({
      inputs: [valueInfo('x', 'float32', [1, channels, 64, 64])],
      outputs: [valueInfo('z', 'float32', [1, OUTPUTS, 62, 62])],
      nodes,
      initializers: tensors,
    }),
  )
}

const numbers = (scale: number, mean: readonly number[] = [0], std: readonly number[] = [1], bgr = false): PictureNumbers => ({
  ...{ scale, mean, std, bgr, from: '' },
})
const UNIT = numbers(1 / 255)
const SIGNED = numbers(1 / 255, [0.5], [0.5])
const IMAGENET = numbers(1 / 255, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])

/** What training would have stored: the convolution's answers to photos in the range. */
function momentsIn(range: PictureNumbers, given: Given = {}) {
  const layers = firstLayers(modelOf(given), 'x', given.channels ?? 3)
  return answersTo(layers.convolution!, layers)(range)
}

const found = (given: Given) => findPixels(modelOf(given), 'x', given.channels ?? 3)

describe('the range of pixels is read of the statistics that a batch normalization stores', () => {
  test.each([
    ['0 to 1', UNIT],
    ['-1 to 1', SIGNED],
    ['ImageNet', IMAGENET],
    ['0 to 255', BYTES],
    ['ImageNet in BGR', { ...IMAGENET, bgr: true }],
  ])('%s', (_, range) => {
    const { mean, std, scale, bgr } = range
    expect(found({ moments: momentsIn(range) })).toMatchObject({ mean, std, scale, bgr, why: /./ })
  })

  test('grey, inverted', () => {
    const inverted = numbers(-1 / 255, [-1])
    expect(found({ channels: 1, moments: momentsIn(inverted, { channels: 1 }) })).toMatchObject({ scale: -1 / 255, mean: [-1] })
  })

  test('through nodes that normalize', () => {
    const before: Given['before'] = [
      ['Sub', [127.5]],
      ['Div', [127.5]],
    ]
    expect(found({ before, moments: momentsIn(BYTES, { before }) })).toMatchObject({ scale: 1, mean: [0] })
  })

  test('but not if no range of photos gives them', () => {
    const moments = { mean: new Array<number>(OUTPUTS).fill(500), variance: new Array<number>(OUTPUTS).fill(1) }
    expect(found({ moments })).toMatchObject({ scale: 1 / 255, why: expect.stringContaining('assumed') })
  })
})

/** A batch normalization folded into the convolution: answers of about 1 and -1 at the range. */
function folded(range: PictureNumbers): Given {
  const { mean, variance } = momentsIn(range)
  const kernel = 1 / Math.sqrt(variance.reduce((sum, one) => sum + one, 0) / OUTPUTS)
  return { kernel, bias: mean.map((one, k) => -one * kernel + (k % 2 === 0 ? 1 : -1)) }
}

describe('if the batch normalization is folded, the bias tells the range', () => {
  test.each([
    ['0 to 1', UNIT],
    ['-1 to 1', SIGNED],
    ['ImageNet', IMAGENET],
    ['0 to 255', BYTES],
  ])('%s', (_, range) => {
    const { mean, std, scale } = range
    expect(found(folded(range))).toMatchObject({ mean, std, scale, why: expect.stringContaining('biases') })
  })

  // Deviations of the answers over those of the biases, for bytes; in ImageNet's range they are a fifty-seventh of that.
  test.each([
    ['four times the bias, and a fourteenth of it in the next range, are of bytes', 4, BYTES],
    ['twelve times the bias, and a fifth of it in the next range, are not', 12, IMAGENET],
  ])('%s', (_, times, { scale, mean }) => {
    const kernel = times * folded(BYTES).kernel!
    const bias = Array.from({ length: OUTPUTS }, (_, k) => (k % 2 === 0 ? 1 : -1))
    expect(found({ kernel, bias })).toMatchObject({ scale, mean })
  })

  test('but not without a bias, nor if a norm follows that takes it out', () => {
    expect(found({})).toBeNull()
    expect(found({ ...folded(BYTES), behind: 'InstanceNormalization' })).toBeNull()
  })

  test('and nodes that normalize come first', () => {
    const before: Given['before'] = [['Mul', [1 / 255]]]
    expect(found({ ...folded(UNIT), before })).toMatchObject({ scale: 1, why: 'The model normalizes values of 0 to 255 itself.' })
  })
})

test('a model that quantizes its input takes what the quantization keeps', () => {
  const made = (scale: number, zero: number) =>
    modelInMemory(
      model({
        inputs: [valueInfo('x', 'float32', [1, 3, 64, 64])],
        outputs: [valueInfo('y', 'float32', [1, 3, 64, 64])],
        nodes: [node('QuantizeLinear', ['x', 's', 'z'], ['q']), node('DequantizeLinear', ['q', 's', 'z'], ['y'])],
        initializers: [floatTensor('s', [], Float32Array.of(scale)), rawTensor('z', 'uint8', [], Uint8Array.of(zero))],
      }),
    )
  const rangeOf = (scale: number, zero: number) => valueRange(findPixels(made(scale, zero), 'x', 3)!, 3)
  expect(rangeOf(1 / 127.5, 128)).toEqual([-1, 1])
  expect(rangeOf(1, 0)).toEqual([0, 255])
  expect(rangeOf(0.0187, 114)[0]).toBeCloseTo(-2.118, 2)
  expect(rangeOf(0.1, 0)).toEqual([0, expect.closeTo(25.5)])
})

describe('an image that the model makes has the range that it takes', () => {
  const made = (...last: NodeProto[]) =>
    modelInMemory(
      model({
        inputs: [valueInfo('x', 'float32', [1, 3, 64, 64])],
        outputs: [valueInfo('y', 'float32', [1, 3, 64, 64])],
        nodes: [node('Conv', ['x', 'w'], ['a']), node('InstanceNormalization', ['a', 'g', 'g'], ['b']), ...last],
        initializers: [
          floatTensor('w', [3, 3, 1, 1], Float32Array.from(drawnNumbers(9))),
          floatTensor('g', [3], Float32Array.of(1, 1, 1)),
          floatTensor('mean', [3, 1, 1], Float32Array.of(103.9, 116.8, 123.7)),
          floatTensor('low', [], Float32Array.of(0)),
          floatTensor('high', [], Float32Array.of(255)),
          floatTensor('one', [], Float32Array.of(1)),
        ],
      }),
    )

  test.each<[string, NodeProto[], number | null]>([
    ['a mean of bytes is added', [node('Add', ['b', 'mean'], ['y'])], 1],
    ['values are limited to bytes', [node('Clip', ['b', 'low', 'high'], ['c']), node('Identity', ['c'], ['y'])], 1],
    ['values are limited to 1', [node('Clip', ['b', 'low', 'one'], ['y'])], null],
    ['nothing says it', [node('Relu', ['b'], ['y'])], null],
  ])('%s', (_, last, scale) => {
    const pixels = findPixels(made(...last), 'x', 3)
    expect(pixels === null ? null : pixels.scale).toBe(scale)
  })
})

test('ImageScaler takes the mean of bytes off, blue first', () => {
  const bias = [-103.939, -116.779, -123.68]
  const scaled = modelInMemory(
    model({
      inputs: [valueInfo('x', 'float32', [1, 3, 64, 64])],
      outputs: [valueInfo('y', 'float32', [1, 3, 64, 64])],
      nodes: [node('ImageScaler', ['x'], ['a'], { bias, scale: 1 }), node('Relu', ['a'], ['y'])],
      initializers: [],
    }),
  )
  expect(findPixels(scaled, 'x', 3)).toMatchObject({ scale: 1, mean: [0], bgr: true })
})

describe('a model that makes images of images', () => {
  const IDENTITY = Array.from({ length: 9 }, (_, k) => (k % 4 === 0 ? 1 : 0))
  /** Nodes from 'x' to 'y', with a convolution 'w' that leaves colours as they are and one 'v' that changes them. */
  const made = (...nodes: NodeProto[]) =>
    findPixels(
      modelInMemory(
        model({
          inputs: [valueInfo('x', 'float32', [1, 3, 64, 64])],
          outputs: [valueInfo('y', 'float32', [1, 3, 128, 128])],
          nodes,
          initializers: [
            floatTensor('w', [3, 3, 1, 1], Float32Array.from(IDENTITY)),
            floatTensor('v', [3, 3, 1, 1], Float32Array.from(drawnNumbers(9))),
            floatTensor('b', [3], Float32Array.of(0.3, -0.2, 0.4)),
            ...[0, 1, 16, 255].map((value) => floatTensor(`n${value}`, [], Float32Array.of(value))),
          ],
        }),
      ),
      'x',
      3,
    )
  const enlarged = [node('Resize', ['b'], ['y'])]

  test.each<[string, NodeProto[], PictureNumbers, RegExp]>([
    [
      'gives colours back in 0 to 1',
      [node('Conv', ['x', 'w'], ['a']), node('Clip', ['a', 'n0', 'n1'], ['b']), ...enlarged],
      UNIT,
      /^In this range the model gives images back/,
    ],
    // Below 16 all is black, which is little of 255, and more than all of 1.
    [
      'gives colours back in 0 to 255',
      [node('Conv', ['x', 'w'], ['a']), node('Max', ['a', 'n16'], ['b']), ...enlarged],
      BYTES,
      /^In this range the model gives images back/,
    ],
    [
      'gives colours back at any scale',
      [node('Conv', ['x', 'w'], ['a']), node('Relu', ['a'], ['b']), ...enlarged],
      UNIT,
      /of 0 to 255 as well as of 0 to 1/,
    ],
    [
      'limits to 1 what it computes of the image',
      [node('Conv', ['x', 'v', 'b'], ['a']), node('Mul', ['x', 'a'], ['m']), node('Clip', ['m', 'n0', 'n1'], ['y'])],
      UNIT,
      /limits to this range what it computes of the image/,
    ],
    [
      'limits to 255 what it computes of the image in the size of the output',
      [
        ...[node('Conv', ['x', 'v', 'b'], ['a']), node('Resize', ['a'], ['r']), node('Resize', ['x'], ['i'])],
        ...[node('Add', ['r', 'i'], ['s']), node('Clip', ['s', 'n0', 'n255'], ['c']), node('Conv', ['c', 'v'], ['y'])],
      ],
      BYTES,
      /limits to this range/,
    ],
    [
      'limits it by two activations',
      [
        ...[node('Conv', ['x', 'v', 'b'], ['a']), node('Mul', ['x', 'a'], ['m']), node('Sub', ['m', 'n1'], ['o'])],
        ...[node('Relu', ['m'], ['low']), node('Relu', ['o'], ['over']), node('Sub', ['low', 'over'], ['y'])],
      ],
      UNIT,
      /limits to this range/,
    ],
  ])('%s', (_, nodes, { scale, mean, std }, why) => {
    expect(made(...nodes)).toMatchObject({ scale, mean, std, why: expect.stringMatching(why) })
  })

  test.each<[string, NodeProto[]]>([
    ['gives colours back in every range, signed ones too', [node('Conv', ['x', 'w'], ['b']), ...enlarged]],
    ['makes other colours', [node('Conv', ['x', 'v'], ['b']), ...enlarged]],
    [
      'limits sums to different values',
      [
        ...[node('Conv', ['x', 'v'], ['a']), node('Mul', ['x', 'a'], ['m']), node('Add', ['x', 'a'], ['s'])],
        ...[node('Clip', ['m', 'n0', 'n1'], ['c']), node('Clip', ['s', 'n0', 'n16'], ['d']), node('Concat', ['c', 'd'], ['y'])],
      ],
    ],
  ])('nothing is known if it %s', (_, nodes) => {
    expect(made(...nodes)).toBeNull()
  })
})
