import { modelInMemory } from '@whyslow/graph/build.ts'
import { type ConstantData, float32, float32s, int64s } from '@whyslow/graph/builder/constant-data.ts'
import { type BuiltGraph, GraphBuilder, type Value } from '@whyslow/graph/builder/graph-builder.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import { problemsOf } from '@whyslow/graph/validate.ts'
import { randomFeeds, runModel } from '@whyslow/measure/support/engines/example-run.ts'
import type { GraphProto } from 'onnx-buf'
import { describe, expect, test } from 'vitest'
import { convolution, depthwiseConvolution, pooling } from '../tensorflow/conv.ts'
import { toChannelsFirst, toChannelsLast, transpose } from '../tensorflow/layout.ts'
import { settle } from './settle.ts'

const random = mulberry32(7)
const floats = (...shape: number[]) => {
  const count = shape.reduce((product, size) => product * size, 1)
  return float32s(
    shape,
    Array.from({ length: count }, () => normal(random)),
  )
}
const window = { kernel: [3, 3], strides: [1, 1], dilations: [1, 1], padding: 'same' as const }

/** What is left of the graph by operator, after outputs were compared with those of the graph as it was written. */
async function settled(builder: GraphBuilder, tolerance = 1e-5): Promise<readonly string[]> {
  const built: BuiltGraph = builder.build('test')
  const before = modelInMemory(built.proto)
  const feeds = [randomFeeds(before, 3)]
  const [expected] = await runModel(before, feeds)
  const { proto, origins } = settle(built)
  expect(problemsOf(proto)).toEqual([])
  expect(proto.graph!.node.filter((node) => origins.get(node) === undefined).map(({ name }) => name)).toEqual([])
  const [given] = await runModel(modelInMemory(proto), feeds)
  expect(Object.keys(given!)).toEqual(Object.keys(expected!))
  for (const [name, { shape, data }] of Object.entries(expected!)) {
    expect(given![name]!.shape).toEqual(shape)
    const [a, b] = [data as Float32Array, given![name]!.data as Float32Array]
    const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-30)
    const worst = a.reduce((most, value, k) => Math.max(most, Math.abs(value - b[k]!)), 0)
    expect(worst / largest, name).toBeLessThanOrEqual(tolerance)
  }
  // Each output may insist on a turn that was held back before.
  const turns = ({ node, output }: GraphProto, more = 0) =>
    node.filter(({ opType }) => opType === 'Transpose').length + more * output.length
  expect(turns(proto.graph!)).toBeLessThanOrEqual(turns(built.proto.graph!, 1))
  return proto.graph!.node.map(({ opType }) => opType)
}

const likeOf = ({ dtype, shape }: Value) => ({ dtype, shape })
const unary = (builder: GraphBuilder, opType: string, x: Value) => builder.op(opType, [x], likeOf(x))
const withConstant = (builder: GraphBuilder, opType: string, x: Value, ...shape: number[]) =>
  builder.op(opType, [x, builder.constant(floats(...shape))], likeOf(x))

describe('a channels-last network', () => {
  test('keeps one Transpose at its start, and folds scales, shifts and zeros into its convolutions', async () => {
    const builder = new GraphBuilder()
    const x = builder.input('x', 'float32', ['n', 8, 8, 3])
    builder.within('net', () => {
      const pads = builder.constant(int64s([0, 1, 0, 0, 0, 0, 1, 0]))
      const padded = builder.op('Pad', [x, pads], { dtype: 'float32', shape: ['n', 9, 9, 3] })
      const stem = { ...window, strides: [2, 2], padding: 'valid' as const, input: padded }
      const first = convolution(builder, { ...stem, weights: floats(3, 3, 3, 4), bias: builder.constant(floats(4)) })
      const normed = withConstant(builder, 'Add', withConstant(builder, 'Mul', first, 4), 1, 1, 1, 4)
      const active = unary(builder, 'Relu', normed)
      const deep = depthwiseConvolution(builder, { ...window, input: active, weights: floats(3, 3, 4, 1) })
      const sum = builder.op('Add', [active, deep], likeOf(active))
      const pooled = pooling(builder, {
        ...window,
        kernel: [2, 2],
        strides: [2, 2],
        padding: 'valid',
        input: sum,
        mode: 'average',
      })
      const mean = builder.op('ReduceMean', [pooled], { dtype: 'float32', shape: ['n', 4] }, { axes: [1, 2], keepdims: 0 })
      builder.output('y', builder.op('MatMul', [mean, builder.constant(floats(4, 5))], { dtype: 'float32', shape: ['n', 5] }))
    })
    expect(await settled(builder)).toEqual(['Transpose', 'Conv', 'Relu', 'Conv', 'Add', 'AveragePool', 'ReduceMean', 'MatMul'])
  })

  test('signals on an axis of their own: turns pass the axis of size 1 that comes and goes', async () => {
    const builder = new GraphBuilder()
    const x = builder.input('x', 'float32', [1, 16, 3])
    builder.within('net', () => {
      const layer = (at: Value, weights: ConstantData) => {
        const wide = builder.op('Reshape', [at, builder.ints([1, 1, 16, 3])], { dtype: 'float32', shape: [1, 1, 16, 3] })
        const out = convolution(builder, { ...window, kernel: [1, 3], input: wide, weights })
        return builder.op('Reshape', [out, builder.ints([1, 16, 3])], { dtype: 'float32', shape: [1, 16, 3] })
      }
      builder.output('y', layer(unary(builder, 'Relu', layer(x, floats(1, 3, 3, 3))), floats(1, 3, 3, 3)))
    })
    const operators = await settled(builder)
    expect(operators.filter((opType) => opType === 'Transpose')).toHaveLength(2)
  })

  test('a turn of axes of size 1 alone moves nothing', async () => {
    const builder = new GraphBuilder()
    const x = builder.input('x', 'float32', ['n', 6, 6, 1])
    builder.within('net', () => {
      const flat = pooling(builder, { ...window, input: x, mode: 'max' })
      builder.output(
        'y',
        builder.op('MatMul', [flat, builder.constant(floats(1, 2))], { dtype: 'float32', shape: ['n', 6, 6, 2] }),
      )
    })
    expect(await settled(builder)).toEqual(['Reshape', 'MaxPool', 'Reshape', 'MatMul'])
  })

  test('reads its input once turned where the input joins in later', async () => {
    const builder = new GraphBuilder()
    const x = builder.input('x', 'float32', [1, 6, 6, 4])
    builder.within('net', () => {
      const once = convolution(builder, { ...window, input: x, weights: floats(3, 3, 4, 4) })
      const joined = builder.op('Concat', [once, x], { dtype: 'float32', shape: [1, 6, 6, 8] }, { axis: 3 })
      builder.output('y', convolution(builder, { ...window, input: joined, weights: floats(3, 3, 8, 2) }))
    })
    expect(await settled(builder)).toEqual(['Transpose', 'Conv', 'Concat', 'Conv', 'Transpose'])
  })

  test('a dense layer, its shift and its normalization are one product and one sum', async () => {
    const builder = new GraphBuilder()
    const x = builder.input('x', 'float32', ['n', 3, 4])
    builder.within('net', () => {
      const product = builder.op('MatMul', [x, builder.constant(floats(4, 6))], { dtype: 'float32', shape: ['n', 3, 6] })
      const shifted = withConstant(builder, 'Add', product, 6)
      builder.output('y', withConstant(builder, 'Sub', withConstant(builder, 'Mul', shifted, 6), 6))
    })
    expect(await settled(builder)).toEqual(['MatMul', 'Add'])
  })

  test('what is an output or is read twice stays', async () => {
    const builder = new GraphBuilder()
    const x = builder.input('x', 'float32', [1, 5, 5, 2])
    builder.within('net', () => {
      const once = convolution(builder, { ...window, input: x, weights: floats(3, 3, 2, 2) })
      builder.output('once', once)
      builder.output('scaled', withConstant(builder, 'Mul', once, 2))
    })
    expect(await settled(builder)).toEqual(['Transpose', 'Conv', 'Mul', 'Transpose', 'Transpose'])
  })
})

/** Operators on a value of rank 4, each with its axes told in the order that the value has. */
const STEPS: readonly ((builder: GraphBuilder, x: Value) => Value)[] = [
  (b, x) => unary(b, 'Relu', x),
  (b, x) => withConstant(b, 'Mul', x, x.shape[3] as number),
  (b, x) => withConstant(b, 'Sub', x, x.shape[2] as number, 1),
  (b, x) => b.op('Clip', [x, b.constant(float32(-1)), b.constant(float32(2))], likeOf(x)),
  (b, x) => b.op('Softmax', [x], likeOf(x), { axis: 2 }),
  (b, x) => toChannelsLast(b, unary(b, 'Tanh', toChannelsFirst(b, x))),
  (b, x) => transpose(b, x, [0, 2, 1, 3]),
  (b, x) =>
    b.op(
      'Add',
      [x, b.op('ReduceMax', [x], { ...likeOf(x), shape: [x.shape[0]!, 1, 1, x.shape[3]!] }, { axes: [1, 2] })],
      likeOf(x),
    ),
  (b, x) => {
    const pads = b.constant(int64s([0, 1, 0, 0, 0, 0, 2, 1]))
    const [n, h, w, c] = x.shape as [number, number, number, number]
    return b.op('Pad', [x, pads], { dtype: x.dtype, shape: [n, h + 1, w + 2, c + 1] })
  },
  (b, x) => {
    const [n, h, w, c] = x.shape as [number, number, number, number]
    const [starts, ends] = [b.constant(int64s([0, 1])), b.constant(int64s([n, h]))]
    return b.op('Slice', [x, starts, ends], { dtype: x.dtype, shape: [n, h - 1, w, c] })
  },
  (b, x) => {
    const [n, h, w, c] = x.shape as [number, number, number, number]
    const parts = b.ops(
      'Split',
      [x, b.constant(int64s([1, w - 1]))],
      [1, w - 1].map((size) => ({ dtype: x.dtype, shape: [n, h, size, c] })),
      { axis: 2 },
    )
    return b.op('Concat', [parts[1]!, parts[0]!], likeOf(x), { axis: 2 })
  },
  (b, x) => {
    const [n, h, w, c] = x.shape as [number, number, number, number]
    const wide = b.op('Unsqueeze', [x, b.constant(int64s([2]))], { dtype: x.dtype, shape: [n, h, 1, w, c] })
    return b.op('Squeeze', [wide, b.constant(int64s([2]))], likeOf(x))
  },
  (b, x) => {
    const [n, h, w, c] = x.shape as [number, number, number, number]
    const scales = b.constant(float32s([4], [1, 2, 1, 1]))
    const how = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
    return b.op('Resize', [x, undefined, scales], { dtype: x.dtype, shape: [n, 2 * h, w, c] }, how)
  },
]

test.each(Array.from({ length: 60 }, (_, seed) => seed))(
  'random chains between turns give what they gave, seed %i',
  async (seed) => {
    const draw = mulberry32(seed)
    const builder = new GraphBuilder()
    const x = builder.input('x', 'float32', [2, 3, 4, 3])
    builder.within('chain', () => {
      let [at, before] = [toChannelsLast(builder, x), x]
      for (let k = 0; k < 7; k++) {
        const next = STEPS[Math.floor(draw() * STEPS.length)]!(builder, at)
        if (draw() < 0.3 && next.shape.join() === at.shape.join()) {
          // Joins of what was turned in different ways.
          const mixed = draw() < 0.5 ? at : next
          before = at
          at = builder.op('Add', [next, mixed], likeOf(next))
        } else at = next
        if (draw() < 0.15) builder.output(`at${k}`, at)
      }
      builder.output('y', at)
      builder.output('last', unary(builder, 'Neg', before))
    })
    await settled(builder)
  },
)
