import { describe, expect, test } from 'vitest'
import type { Feeds } from '../../engines/types.ts'
import { floatTensor, int64Tensor, type ModelParts, model, modelInMemory, node, valueInfo } from '../../graph/build.ts'
import type { Model } from '../../graph/model.ts'
import { mulberry32, normal } from '../../measure/inputs/random.ts'
import { bothResults, kernelsOf, largestError, observedRanges, quantizeAll, unfusedWeights } from './check-quantize.ts'
import { DEFAULT_QUANTIZE_OPTIONS, type QuantizeOptions } from './choice.ts'
import { quantizable } from './quantizable.ts'
import { quantize } from './quantize.ts'

const random = mulberry32(11)
const normals = (count: number, size = 1) => Float32Array.from({ length: count }, () => size * normal(random))
const SHAPE = [1, 4, 6, 6]
const initializers = [
  floatTensor('conv', [4, 4, 3, 3], normals(144, 0.2)),
  floatTensor('conv_bias', [4], normals(4)),
  floatTensor('point', [4, 4, 1, 1], normals(16)),
  floatTensor('zeros', [4, 4, 1, 1], new Float32Array(16)),
  floatTensor('matrix', [6, 5], normals(30)),
  floatTensor('turned', [5, 144], normals(720, 0.1)),
  floatTensor('vector', [5], normals(5)),
  floatTensor('channels', [1, 4, 1, 1], normals(4)),
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
const make = (nodes: ModelParts['nodes'], rest: Partial<ModelParts> = {}): Model =>
  modelInMemory(
    model({ nodes, inputs: [valueInfo('x', 'float32', SHAPE)], outputs: [valueInfo('y', 'float32')], initializers, ...rest }),
  )
const feed = (values: Float32Array): Feeds => ({ x: { dtype: 'float32', shape: SHAPE, data: values } })
const plain = feed(normals(144))
/** A point-wise convolution in front and behind, so that the operator stands inside a region of int8. */
const within = (...nodes: ModelParts['nodes']) => [
  node('Conv', ['x', 'point'], ['a']),
  ...nodes,
  node('Conv', ['b', 'point'], ['y']),
]

interface Case {
  readonly name: string
  readonly nodes: ModelParts['nodes']
  /** What must be among the kernels run; the types that must not are DequantizeLinear of weights. */
  readonly kernels: readonly string[]
  readonly not?: string
  readonly opset?: number
}

const CASES: readonly Case[] = [
  { name: 'Conv', nodes: [node('Conv', ['x', 'conv'], ['y'], { pads: [1, 1, 1, 1] })], kernels: ['QLinearConv'] },
  {
    name: 'Conv, bias and Relu',
    nodes: [node('Conv', ['x', 'conv', 'conv_bias'], ['c']), node('Relu', ['c'], ['y'])],
    kernels: ['QLinearConv'],
  },
  {
    name: 'Conv and Clip',
    nodes: [node('Conv', ['x', 'conv', 'conv_bias'], ['c']), node('Clip', ['c', 'zero', 'six'], ['y'])],
    kernels: ['QLinearConv'],
  },
  {
    name: 'Conv and Clip at an old opset',
    opset: 9,
    nodes: [
      node('Conv', ['x', 'conv', 'conv_bias'], ['c']),
      node('Clip', ['c'], ['y'], { min: { float: 0 }, max: { float: 6 } }),
    ],
    kernels: ['QLinearConv'],
  },
  { name: 'Conv by groups', nodes: [node('Conv', ['x', 'depth'], ['y'], { group: 4 })], kernels: ['QLinearConv'] },
  { name: 'Conv with zeros', nodes: [node('Conv', ['x', 'zeros', 'conv_bias'], ['y'])], kernels: ['QLinearConv'] },
  { name: 'two Conv, one after the other', nodes: within(node('Relu', ['a'], ['b'])), kernels: ['QLinearConv', 'QLinearConv'] },
  {
    name: 'Gemm',
    nodes: [node('Reshape', ['x', 'flat'], ['r']), node('Gemm', ['r', 'turned', 'vector'], ['y'], { transB: 1 })],
    kernels: ['QGemm'],
  },
  {
    name: 'Gemm with factors',
    nodes: [
      node('Reshape', ['x', 'flat'], ['r']),
      node('Gemm', ['r', 'turned', 'vector'], ['y'], { transB: 1, alpha: { float: 2 }, beta: { float: -3 } }),
    ],
    kernels: ['QGemm'],
  },
  {
    name: 'Gemm, Relu, and int8 behind',
    nodes: [
      node('Reshape', ['x', 'flat'], ['r']),
      node('Gemm', ['r', 'turned', 'vector'], ['g'], { transB: 1 }),
      node('Relu', ['g'], ['h']),
      node('Sigmoid', ['h'], ['y']),
    ],
    kernels: ['QGemm', 'QLinearSigmoid'],
  },
  { name: 'MatMul', nodes: [node('MatMul', ['x', 'matrix'], ['y'])], kernels: ['MatMulIntegerToFloat'] },
  {
    name: 'MatMul and Add, four dimensions',
    nodes: [node('MatMul', ['x', 'matrix'], ['m']), node('Add', ['m', 'vector'], ['y'])],
    kernels: ['MatMulIntegerToFloat'],
  },
  {
    name: 'MatMul and Add, two dimensions',
    nodes: [
      node('Reshape', ['x', 'flat'], ['r']),
      node('Transpose', ['r'], ['t']),
      node('MatMul', ['t', 'row'], ['m']),
      node('Add', ['m', 'vector'], ['y']),
    ],
    kernels: ['QGemm'],
  },
  {
    name: 'MatMul of two values',
    nodes: [
      node('Transpose', ['x'], ['t'], { perm: [0, 1, 3, 2] }),
      node('MatMul', ['x', 't'], ['m']),
      node('Sigmoid', ['m'], ['y']),
    ],
    kernels: ['QLinearMatMul', 'QLinearSigmoid'],
  },
  { name: 'Add', nodes: within(node('Add', ['a', 'x'], ['b'])), kernels: ['QLinearAdd'] },
  { name: 'Add of itself', nodes: within(node('Add', ['a', 'a'], ['b'])), kernels: ['QLinearAdd'] },
  {
    name: 'Add of a constant, and Relu',
    nodes: within(node('Add', ['a', 'channels'], ['s']), node('Relu', ['s'], ['b'])),
    kernels: ['QLinearAdd'],
  },
  {
    name: 'Mul',
    nodes: within(node('Sigmoid', ['a'], ['s']), node('Mul', ['a', 's'], ['b'])),
    kernels: ['QLinearSigmoid', 'QLinearMul'],
  },
  // No kernel at all: the integers stay, their scale changes.
  {
    name: 'Mul by a number',
    nodes: within(node('Mul', ['a', 'number'], ['b'])),
    kernels: ['QLinearConv', 'QLinearConv'],
    not: 'QLinearMul',
  },
  { name: 'Div by a number, read and given as floats', nodes: [node('Div', ['x', 'number'], ['y'])], kernels: [], not: 'Div' },
  {
    name: 'Mul by a number, and Reshape',
    nodes: within(
      node('Reshape', ['a', 'flat'], ['r']),
      node('Mul', ['r', 'number'], ['m']),
      node('Reshape', ['m', 'square'], ['b']),
    ),
    kernels: ['QLinearConv', 'QLinearConv'],
    not: 'QLinearMul',
  },
  { name: 'Mul by a number of each channel', nodes: within(node('Mul', ['a', 'channels'], ['b'])), kernels: ['QLinearMul'] },
  {
    name: 'Div by a number of each channel',
    nodes: within(node('Div', ['a', 'channels'], ['b'])),
    kernels: ['QLinearMul'],
    not: 'Div',
  },
  { name: 'Sub of a constant', nodes: within(node('Sub', ['a', 'channels'], ['b'])), kernels: ['QLinearAdd'], not: 'Sub' },
  {
    name: 'HardSigmoid',
    nodes: within(node('HardSigmoid', ['a'], ['b'], { alpha: { float: 0.25 }, beta: { float: 0.4 } })),
    kernels: ['QLinearAdd'],
    not: 'HardSigmoid',
  },
  { name: 'HardSwish', nodes: within(node('HardSwish', ['a'], ['b'])), kernels: ['QLinearAdd', 'QLinearMul'], not: 'HardSwish' },
  {
    name: 'hard swish as some exporters write it',
    nodes: within(
      node('Add', ['a', 'three_float'], ['s']),
      node('Clip', ['s', 'zero', 'six'], ['k']),
      node('Mul', ['a', 'k'], ['m']),
      node('Div', ['m', 'six'], ['b']),
    ),
    kernels: ['QLinearAdd', 'QLinearMul'],
    not: 'Div',
  },
  {
    name: 'Concat',
    nodes: [node('Conv', ['x', 'point'], ['a']), node('Concat', ['a', 'x'], ['y'], { axis: 1 })],
    kernels: ['QLinearConcat'],
  },
  { name: 'LeakyRelu', nodes: within(node('LeakyRelu', ['a'], ['b'], { alpha: { float: 0.1 } })), kernels: ['QLinearLeakyRelu'] },
  {
    name: 'AveragePool',
    nodes: within(node('AveragePool', ['a'], ['b'], { kernel_shape: [2, 2] })),
    kernels: ['QLinearAveragePool'],
  },
  { name: 'GlobalAveragePool', nodes: within(node('GlobalAveragePool', ['a'], ['b'])), kernels: ['QLinearGlobalAveragePool'] },
  { name: 'Softmax', nodes: within(node('Softmax', ['a'], ['b'], { axis: 3 })), kernels: ['QLinearSoftmax'] },
  { name: 'MaxPool', nodes: within(node('MaxPool', ['a'], ['b'], { kernel_shape: [2, 2] })), kernels: ['NhwcMaxPool'] },
  { name: 'Resize', nodes: within(node('Resize', ['a', '', 'scales'], ['b'], { mode: 'nearest' })), kernels: ['Resize'] },
  {
    name: 'Upsample at an old opset',
    opset: 9,
    nodes: within(node('Upsample', ['a', 'scales'], ['b'], { mode: 'nearest' })),
    kernels: ['Resize'],
  },
  {
    name: 'Reshape',
    nodes: within(node('Reshape', ['a', 'flat'], ['r']), node('Reshape', ['r', 'square'], ['b'])),
    kernels: ['QLinearConv', 'QLinearConv'],
  },
  { name: 'Gather', nodes: within(node('Gather', ['a', 'indices'], ['b'], { axis: 2 })), kernels: ['Gather'] },
  { name: 'Slice', nodes: within(node('Slice', ['a', 'one', 'three', 'three'], ['b'])), kernels: ['Slice'] },
  { name: 'Tile', nodes: within(node('Tile', ['a', 'twice'], ['b'])), kernels: ['Tile'] },
  {
    name: 'Split',
    nodes: within(node('Split', ['a', 'halves'], ['l', 'r'], { axis: 1 }), node('Concat', ['r', 'l'], ['b'], { axis: 1 })),
    kernels: ['Split', 'QLinearConcat'],
  },
  { name: 'ReduceMax', nodes: within(node('ReduceMax', ['a'], ['b'], { axes: [3] })), kernels: ['ReduceMax'] },
]
const withMore = (one: Case): Model =>
  make(one.nodes, {
    initializers: [...initializers, floatTensor('depth', [4, 1, 3, 3], normals(36)), floatTensor('row', [1, 5], normals(5))],
    ...(one.opset ? { opset: one.opset } : {}),
  })

const OPTIONS: readonly (readonly [string, Partial<QuantizeOptions>])[] = [
  ['uint8 and int8', {}],
  ['int8 and int8', { activations: 'int8' }],
  ['uint8 and uint8', { weights: 'uint8', weightsSymmetric: false }],
  ['one scale per tensor', { perChannel: false }],
]

/** Signal to noise of the output, dB. */
function sqnr(a: Float32Array, b: Float32Array): number {
  const [signal, noise] = a.reduce(([s, n], value, i) => [s + value ** 2, n + (value - b[i]!) ** 2], [0, 0] as [number, number])
  return 10 * Math.log10(signal / noise)
}

/** On x86 the engine turns int8 activations into uint8, but not where two nodes read a value, nor for constants (1.30). */
const ON_ARM_ALONE = /^(MatMul of two values|Add.*|Mul.*|Div.*|Sub.*|Concat|Hard.*|hard.*)$/

describe.each(OPTIONS)('static int8, %s', (_, options) => {
  const isMeant = ({ name }: Case): boolean => {
    if (options.activations === 'int8') return !ON_ARM_ALONE.test(name)
    // Whatever else was chosen concerns weights alone.
    return Object.keys(options).length === 0 || /Conv|Gemm|MatMul/.test(name)
  }
  test.each(CASES.filter(isMeant))('$name: int8 all through, and close to float', async (one) => {
    const before = withMore(one)
    const { model: after } = await quantizeAll(before, 'static', [plain], options)
    const kernels = await kernelsOf(after)
    for (const kernel of one.kernels) expect(kernels).toContain(kernel)
    if (one.not) expect(kernels).not.toContain(one.not)
    expect(await unfusedWeights(after)).toEqual([])
    // One Q at the start for each input, one DQ at the end, and none in between.
    expect(kernels.filter((kernel) => kernel === 'QuantizeLinear').length).toBe(1)
    expect(kernels.filter((kernel) => kernel === 'DequantizeLinear').length).toBeLessThanOrEqual(1)
    const [a, b] = await bothResults(before, after, plain)
    expect(sqnr(a.y!.data as Float32Array, b.y!.data as Float32Array)).toBeGreaterThan(27)
  })
})

/** Activations at their worst: what the bound below needs is that the range was observed on them. */
const HARD: Readonly<Record<string, Feeds>> = {
  'all zero': feed(new Float32Array(144)),
  'one value': feed(new Float32Array(144).fill(3)),
  'huge range': feed(normals(144).map((value, k) => (k % 7 ? value : 1e20 * value))),
  denormal: feed(normals(144, 1e-40)),
}

describe('static int8 on hard values: no output is off by more than the steps', () => {
  // The derivative of each with respect to what it reads is 2 at most.
  const SMOOTH = CASES.filter(({ name }) => /^(LeakyRelu|Concat|Mul by a number|Gather|Reshape|MaxPool|Split)$/.test(name))
  test.each(Object.entries(HARD).flatMap(([kind, feeds]) => SMOOTH.map((one) => ({ kind, name: one.name, one, feeds }))))(
    '$name, $kind',
    async ({ one, feeds }) => {
      const before = withMore({
        ...one,
        nodes: one.nodes.filter(({ opType }) => opType !== 'Conv').map((given) => renamed(given)),
      })
      const { model: after } = await quantizeAll(before, 'static', [feeds])
      const ranges = await observedRanges(before, [feeds])
      const step = Math.max(...[...ranges.values()].map(({ low, high }) => high - low)) / 255
      const lost = step < 2 ** -126 ? Math.max(...(feeds.x!.data as Float32Array).map(Math.abs)) : step
      const [a, b] = await bothResults(before, after, feeds)
      expect(largestError(a.y!, b.y!)).toBeLessThanOrEqual(3 * lost)
    },
  )
})

/** Without the convolutions around it: x in place of a, y in place of b. */
function renamed(given: ModelParts['nodes'][number]) {
  const name = (one: string) => (one === 'a' ? 'x' : one === 'b' ? 'y' : one)
  return { ...given, input: given.input.map(name), output: given.output.map(name) }
}

describe('what static int8 takes care of', () => {
  test('a value that float operators read too, and that is an output', async () => {
    const before = make(
      [
        node('Conv', ['x', 'point'], ['a']),
        node('Erf', ['a'], ['e']),

        node('Conv', ['a', 'point'], ['y']),
      ],
      { outputs: [valueInfo('a', 'float32'), valueInfo('e', 'float32'), valueInfo('y', 'float32')] },
    )
    const { model: after } = await quantizeAll(before, 'static', [plain])
    const kernels = await kernelsOf(after)
    expect(kernels.filter((kernel) => kernel === 'QLinearConv').length).toBe(2)
    const [a, b] = await bothResults(before, after, plain)
    for (const name of ['a', 'e', 'y']) {
      expect(sqnr(a[name]!.data as Float32Array, b[name]!.data as Float32Array)).toBeGreaterThan(27)
    }
  })

  test('a product with Relu behind whose result is read as floats', async () => {
    for (const last of ['Gemm', 'MatMul'] as const) {
      const product =
        last === 'Gemm' ? node('Gemm', ['r', 'turned', 'vector'], ['g'], { transB: 1 }) : node('MatMul', ['x', 'matrix'], ['g'])
      const before = make([node('Reshape', ['x', 'flat'], ['r']), product, node('Relu', ['g'], ['h']), node('Erf', ['h'], ['y'])])
      for (const options of [{}, { activations: 'int8' as const, activationsSymmetric: true }]) {
        const { model: after } = await quantizeAll(before, 'static', [plain], options)
        expect(await unfusedWeights(after)).toEqual([])
        expect((await kernelsOf(after)).filter((kernel) => /^(FusedGemm|Gemm|MatMul)$/.test(kernel))).toEqual([])
        const [a, b] = await bothResults(before, after, plain)
        expect(sqnr(a.y!.data as Float32Array, b.y!.data as Float32Array)).toBeGreaterThan(27)
      }
    }
  })

  test('weights that two layers share stand in the file once', async () => {
    const { model: after } = await quantizeAll(make(within(node('Sigmoid', ['a'], ['b']))), 'static', [plain])
    const names = after.proto.graph!.initializer.map(({ name }) => name).filter((name) => name.startsWith('point'))
    expect(names.sort()).toEqual(['point_quantized', 'point_scale', 'point_zero_point'])
  })

  const BETWEEN = [
    { name: 'Conv', opType: 'Conv', nodes: [node('Conv', ['a', 'conv', 'conv_bias'], ['b'], { pads: [1, 1, 1, 1] })] },
    { name: 'Conv and Relu', opType: 'Conv', nodes: [node('Conv', ['a', 'point'], ['c']), node('Relu', ['c'], ['b'])] },
    { name: 'ConvTranspose', opType: 'ConvTranspose', nodes: [node('ConvTranspose', ['a', 'point'], ['b'])] },
    {
      name: 'Gemm',
      opType: 'Gemm',
      nodes: [
        node('Reshape', ['a', 'flat'], ['r']),
        node('Gemm', ['r', 'dense', 'long'], ['g'], { transB: 1 }),
        node('Reshape', ['g', 'square'], ['b']),
      ],
    },
    {
      name: 'MatMul and Add, four dimensions',
      opType: 'MatMul',
      nodes: [node('MatMul', ['a', 'six_by_six'], ['m']), node('Add', ['m', 'six_numbers'], ['b'])],
    },
    {
      name: 'MatMul and Add',
      opType: 'MatMul',
      nodes: [
        node('Reshape', ['a', 'flat'], ['r']),
        node('MatMul', ['r', 'dense'], ['m']),
        node('Add', ['m', 'long'], ['s']),
        node('Reshape', ['s', 'square'], ['b']),
      ],
    },
  ]
  test.each(BETWEEN)('$name that is to stay float32 between int8 neighbours does stay', async ({ opType, nodes }) => {
    const before = make(within(...nodes), {
      initializers: [
        ...initializers,
        floatTensor('dense', [144, 144], normals(144 * 144, 0.1)),
        floatTensor('long', [144], normals(144)),
        floatTensor('six_by_six', [6, 6], normals(36)),
        floatTensor('six_numbers', [6], normals(6)),
      ],
    })
    const able = quantizable(before).filter((one) => one.precisions.includes('static') && one.opType !== opType)
    const layers = new Map([
      ...able.map((one) => [one.node, 'static'] as const),
      ['a', 'static'] as const,
      ['y', 'static'] as const,
    ])
    const ranges = await observedRanges(before, [plain])
    const { model: after, skipped } = quantize(before, { layers, ranges, options: DEFAULT_QUANTIZE_OPTIONS })
    expect(skipped).toEqual([])
    expect(await unfusedWeights(after)).toEqual([])
    const kernels = await kernelsOf(after)
    expect(kernels.filter((kernel) => kernel === 'QLinearConv').length).toBe(2)
    expect(kernels.filter((kernel) => /^(Conv|FusedConv|ConvTranspose|Gemm|FusedGemm|MatMul)$/.test(kernel)).length).toBe(1)
    const [a, b] = await bothResults(before, after, plain)
    expect(sqnr(a.y!.data as Float32Array, b.y!.data as Float32Array)).toBeGreaterThan(27)
  })

  test('with symmetric activations Relu stays an operator, on floats, and Conv has its kernel', async () => {
    const before = withMore(CASES[1]!)
    const { model: after } = await quantizeAll(before, 'static', [plain], { activations: 'int8', activationsSymmetric: true })
    expect(await kernelsOf(after)).toContain('QLinearConv')
    expect(await unfusedWeights(after)).toEqual([])
    const [a, b] = await bothResults(before, after, plain)
    expect(sqnr(a.y!.data as Float32Array, b.y!.data as Float32Array)).toBeGreaterThan(27)
  })

  test('a node without a range stays in float32, and the others do not suffer', async () => {
    const before = make(within(node('LeakyRelu', ['a'], ['l']), node('Sigmoid', ['l'], ['b'])))
    const ranges = new Map(await observedRanges(before, [plain]))
    ranges.delete('l')
    const asked = ['a', 'l', 'b', 'y'].map((name) => [name, 'static'] as const)
    const {
      model: after,
      skipped,
      layers,
    } = quantize(before, { layers: new Map(asked), ranges, options: DEFAULT_QUANTIZE_OPTIONS })
    expect(skipped).toEqual(['l', 'b'].map((name) => ({ node: name, reason: "no range of 'l' was observed" })))
    expect(layers.map((one) => one.node)).toEqual(['a', 'y'])
    const [a, b] = await bothResults(before, after, plain)
    expect(sqnr(a.y!.data as Float32Array, b.y!.data as Float32Array)).toBeGreaterThan(27)
  })

  test('what is part of a layer is not a layer of its own', async () => {
    const before = make([
      node('MatMul', ['x', 'matrix'], ['m']),
      node('Add', ['m', 'vector'], ['s']),
      node('Sigmoid', ['s'], ['y']),
    ])
    const ranges = await observedRanges(before, [plain])
    for (const precision of ['static', 'dynamic'] as const) {
      const layers = new Map([
        ['m', precision],
        ['s', 'static' as const],
        ['y', 'static' as const],
      ])
      const { model: after, skipped } = quantize(before, { layers, ranges, options: DEFAULT_QUANTIZE_OPTIONS })
      expect(skipped).toEqual([{ node: 's', reason: "it is part of 'm'" }])
      const [a, b] = await bothResults(before, after, plain)
      expect(sqnr(a.y!.data as Float32Array, b.y!.data as Float32Array)).toBeGreaterThan(27)
    }
  })

  test('ranges that are not finite count as none', () => {
    const asked = { layers: new Map([['y', 'static' as const]]), options: DEFAULT_QUANTIZE_OPTIONS }
    const ranges = new Map([
      ['x', { low: Number.NaN, high: 1 }],
      ['y', { low: 0, high: 1 }],
    ])
    expect(quantize(make([node('Conv', ['x', 'point'], ['y'])]), { ...asked, ranges }).skipped).toEqual([
      { node: 'y', reason: "no range of 'x' was observed" },
    ])
  })
})
