// Small networks for the tests of static int8: constants of every shape, one float image, a region to stand in.

import { floatTensor, int64Tensor, type ModelParts, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'

const drawn = (random: () => number) => (count: number, size: number) =>
  Float32Array.from({ length: count }, () => size * normal(random))
/** The same of each count, whichever files of the worker drew some before. */
export const normals = (count: number, size = 1) => drawn(mulberry32(count))(count, size)
const next = drawn(mulberry32(11))
const SHAPE = [1, 4, 6, 6]
export const initializers = [
  floatTensor('conv', [4, 4, 3, 3], next(144, 0.2)),
  floatTensor('conv_bias', [4], next(4, 1)),
  floatTensor('point', [4, 4, 1, 1], next(16, 1)),
  floatTensor('zeros', [4, 4, 1, 1], new Float32Array(16)),
  floatTensor('matrix', [6, 5], next(30, 1)),
  floatTensor('turned', [5, 144], next(720, 0.1)),
  floatTensor('vector', [5], next(5, 1)),
  floatTensor('channels', [1, 4, 1, 1], next(4, 1)),
  floatTensor('number', [], [1.5]),
  floatTensor('zero', [], [0]),
  floatTensor('six', [], [6]),
  floatTensor('three_float', [], [3]),
  floatTensor('scales', [4], [1, 1, 2, 2]),
  int64Tensor('flat', [2], [1, 144]),
  int64Tensor('square', [4], [1, 4, 6, 6]),
  int64Tensor('indices', [2], [2, 0]),
  int64Tensor('one', [1], [1]),
  int64Tensor('three', [1], [3]),
  int64Tensor('halves', [2], [2, 2]),
  int64Tensor('twice', [4], [1, 1, 2, 1]),
]
export const make = (nodes: ModelParts['nodes'], rest: Partial<ModelParts> = {}): Model =>
  modelInMemory(
    model({ nodes, inputs: [valueInfo('x', 'float32', SHAPE)], outputs: [valueInfo('y', 'float32')], initializers, ...rest }),
  )
export const feed = (values: Float32Array): Feeds => ({ x: { dtype: 'float32', shape: SHAPE, data: values } })
export const plain = feed(next(144, 1))
/** A point-wise convolution in front and behind, so that the operator stands inside a region of int8. */
export const within = (...nodes: ModelParts['nodes']) => [
  node('Conv', ['x', 'point'], ['a']),
  ...nodes,
  node('Conv', ['b', 'point'], ['y']),
]

/** Signal to noise of the output, dB. */
export function sqnr(a: Float32Array, b: Float32Array): number {
  const [signal, noise] = a.reduce(([s, n], value, i) => [s + value ** 2, n + (value - b[i]!) ** 2], [0, 0] as [number, number])
  return 10 * Math.log10(signal / noise)
}
