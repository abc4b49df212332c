import { floatTensor, type ModelParts, node } from '@whyslow/graph/build.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { describe, expect, test } from 'vitest'
import { fullOrEvery } from '../../../../../test/only-full.ts'
import {
  bothResults,
  kernelsOf,
  largestError,
  observedRanges,
  quantizeAll,
  unfusedWeights,
} from '../../../test/support/quantize/write/check-quantize.ts'
import { decibelsLost } from '../../../test/support/quantize/write/example-options.ts'
import { feed, initializers, make, normals, plain, sqnr, within } from '../../../test/support/quantize/write/example-static.ts'
import type { QuantizeOptions } from './choice.ts'

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
  {
    name: 'DepthToSpace',
    nodes: [
      node('Conv', ['x', 'point'], ['a']),
      node('DepthToSpace', ['a'], ['b'], { blocksize: 2 }),
      node('Sigmoid', ['b'], ['y']),
    ],
    kernels: ['QLinearConv', 'DepthToSpace', 'QLinearSigmoid'],
  },
  {
    name: 'Where of two values',
    nodes: [node('Conv', ['x', 'point'], ['a']), node('Greater', ['x', 'zero'], ['c']), node('Where', ['c', 'a', 'x'], ['y'])],
    kernels: ['QLinearConv', 'QLinearWhere'],
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

/** On x86 the engine turns int8 activations into uint8, but not where two nodes read a value, nor for constants (1.30). */
const ON_ARM_ALONE = /^(MatMul of two values|Add.*|Mul.*|Div.*|Sub.*|Concat|Where.*|Hard.*|hard.*)$/

describe.each(OPTIONS)('static int8, %s', (_, options) => {
  const isMeant = ({ name }: Case): boolean => {
    if (options.activations === 'int8') return !ON_ARM_ALONE.test(name)
    // Whatever else was chosen concerns weights alone.
    return Object.keys(options).length === 0 || /Conv|Gemm|MatMul/.test(name)
  }
  test.each(fullOrEvery(3, CASES.filter(isMeant)))('$name: int8 all through, and close to float', async (one) => {
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
    expect(sqnr(a.y!.data as Float32Array, b.y!.data as Float32Array)).toBeGreaterThan(27 - decibelsLost)
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
