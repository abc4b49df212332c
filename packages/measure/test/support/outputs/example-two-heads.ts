// For tests: a detector of two heads whose one output joins boxes in pixels and scores, as exports of detectors have it.
import { floatTensor, int64Tensor, model, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'

const SIDE = 32
const CHANNELS = 32
const BOXES = 4
const CLASSES = 6
const PLACES = (SIDE / 2) ** 2
export const TWO_HEADS_INPUT = [1, 3, SIDE, SIDE] as const
/** Elements of the output [1, 10, 256] that are boxes: those before. */
export const FIRST_SCORE = BOXES * PLACES

/** `eightBits`: what of the output goes through 8 bits with one scale: all of it, as a shared last operator does, or each head. */
export function twoHeads(eightBits: 'none' | 'joined' | 'each' = 'none') {
  const random = mulberry32(3)
  const weights = (name: string, shape: readonly number[], size: number) =>
    floatTensor(
      name,
      shape,
      Array.from({ length: shape.reduce<number>((a, b) => a * b, 1) }, () => size * normal(random)),
    )
  const places = (name: string, rows: number) =>
    [node('Reshape', [name, `${name} shape`], [`${name} rows`]), int64Tensor(`${name} shape`, [3], [1, rows, PLACES])] as const
  const [boxes, boxShape] = places('box', BOXES)
  const [scores, scoreShape] = places('score', CLASSES)
  const throughEightBits = (from: string, to: string, largest: number) => ({
    nodes: [
      node('QuantizeLinear', [from, `${to} scale`, 'zero'], [`${to} int8`]),
      node('DequantizeLinear', [`${to} int8`, `${to} scale`, 'zero'], [to]),
    ],
    scale: floatTensor(`${to} scale`, [], [largest / 255]),
  })
  const joined = throughEightBits('joined', 'y', 640)
  const each = [throughEightBits('box rows', 'box end', 640), throughEightBits('score rows', 'score end', 1)]
  const ends = eightBits === 'each' ? ['box end', 'score end'] : ['box rows', 'score rows']
  const conv = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }
  return model({
    nodes: [
      node('Conv', ['x', 'w'], ['a'], { ...conv, strides: [2, 2] }),
      node('Relu', ['a'], ['r']),
      node('Conv', ['r', 'v'], ['b'], conv),
      node('Relu', ['b'], ['s']),
      node('Conv', ['s', 'box weights'], ['box sums'], { kernel_shape: [1, 1] }),
      node('Sigmoid', ['box sums'], ['box shares']),
      node('Mul', ['box shares', 'pixels'], ['box']),
      node('Conv', ['s', 'score weights'], ['score sums'], { kernel_shape: [1, 1] }),
      node('Sigmoid', ['score sums'], ['score']),
      boxes,
      scores,
      ...(eightBits === 'each' ? each.flatMap(({ nodes }) => nodes) : []),
      node('Concat', ends, [eightBits === 'joined' ? 'joined' : 'y'], { axis: 1 }),
      ...(eightBits === 'joined' ? joined.nodes : []),
    ],
    inputs: [valueInfo('x', 'float32', TWO_HEADS_INPUT)],
    outputs: [valueInfo('y', 'float32', [1, BOXES + CLASSES, PLACES])],
    initializers: [
      weights('w', [CHANNELS, 3, 3, 3], 0.3),
      weights('v', [CHANNELS, CHANNELS, 3, 3], 0.08),
      weights('box weights', [BOXES, CHANNELS, 1, 1], 0.3),
      weights('score weights', [CLASSES, CHANNELS, 1, 1], 0.4),
      floatTensor('pixels', [], [640]),
      ...[boxShape, scoreShape],
      ...(eightBits === 'each' ? each.map(({ scale }) => scale) : []),
      ...(eightBits === 'joined' ? [joined.scale] : []),
      ...(eightBits === 'none' ? [] : [rawTensor('zero', 'uint8', [], Uint8Array.of(0))]),
    ],
  })
}

/** The same for a seed. */
export function twoHeadsImage(seed: number): Float32Array<ArrayBuffer> {
  const random = mulberry32(seed)
  return Float32Array.from({ length: TWO_HEADS_INPUT.reduce<number>((a, b) => a * b, 1) }, () => normal(random))
}
