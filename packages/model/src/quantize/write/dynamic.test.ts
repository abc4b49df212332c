import { floatTensor, graph, type ModelParts, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { describe, expect, test } from 'vitest'
import { bothResults, kernelsOf, largestError, quantizeAll } from '../../../test/support/quantize/write/check-quantize.ts'
import { here } from '../../../test/support/quantize/write/example-options.ts'
import type { QuantizeOptions } from './choice.ts'
import { quantize } from './quantize.ts'

const [K, N] = [48, 20]
const random = mulberry32(7)
const normals = (count: number) => Float32Array.from({ length: count }, () => normal(random))
const weights = normals(K * N)
const turnedWeights = normals(N * K)
const bias = normals(N)

const make = (nodes: ModelParts['nodes'], rest: Partial<ModelParts> = {}): Model =>
  modelInMemory(
    model({
      nodes,
      inputs: [valueInfo('x', 'float32', ['rows', K])],
      outputs: [valueInfo('y', 'float32')],
      initializers: [
        floatTensor('w', [K, N], weights),
        floatTensor('wt', [N, K], turnedWeights),
        floatTensor('w3', [K, N], weights.toReversed()),
        floatTensor('b', [N], bias),
        floatTensor('b2', [1, N], bias),
        floatTensor('number', [], [0.5]),
      ],
      ...rest,
    }),
  )

const rowsOf = (values: Float32Array): Feeds => ({ x: { dtype: 'float32', shape: [values.length / K, K], data: values } })
const tensor = (value: (index: number) => number, rows = 3) => rowsOf(Float32Array.from({ length: rows * K }, (_, k) => value(k)))

/** By what they try: all that activations can be. */
const ACTIVATIONS: Readonly<Record<string, Feeds>> = {
  random: rowsOf(normals(3 * K)),
  positive: rowsOf(normals(3 * K).map(Math.abs)),
  'all zero': tensor(() => 0),
  'one value': tensor(() => -2.5),
  'huge range': tensor((k) => (k % 5 === 0 ? 1e20 : 1e-3 * k) * (k % 2 ? 1 : -1)),
  denormal: tensor((k) => 1e-40 * k),
  empty: rowsOf(new Float32Array(0)),
}

/**
 * |x W - x' W'| <= sum over k of |x| dw + |w| dx + dx dw, with x' within a step of x (half a step, and half where the zero point was
 * rounded) and w' within half a step of w. In float64, with 1 % for float32 sums.
 */
function bound(x: Float32Array, w: (k: number, n: number) => number, largest: number): number {
  const step = (Math.max(0, ...x) - Math.min(0, ...x)) / 255
  // A range too small for a normal step is given up: all of it is lost.
  const dx = step < 2 ** -126 ? Math.max(0, ...x.map(Math.abs)) : step
  const dw = largest / 127
  let worst = 0
  for (let row = 0; row < x.length / K; row++) {
    for (let n = 0; n < N; n++) {
      let sum = 0
      for (let k = 0; k < K; k++) sum += Math.abs(x[row * K + k]!) * dw * 0.5 + Math.abs(w(k, n)) * dx + dx * dw
      worst = Math.max(worst, sum)
    }
  }
  return 1.01 * worst + 1e-30
}

const plain = make([node('MatMul', ['x', 'w'], ['y'])])
const largestWeight = Math.max(...weights.map(Math.abs))

describe('dynamic int8 of a product', () => {
  test.each(Object.entries(ACTIVATIONS))('%s activations: within the steps', async (_, feeds) => {
    const { model: after } = await quantizeAll(plain, 'dynamic', [feeds])
    const [a, b] = await bothResults(plain, after, feeds)
    const x = feeds.x!.data as Float32Array
    expect(largestError(a.y!, b.y!)).toBeLessThanOrEqual(bound(x, (k, n) => weights[k * N + n]!, largestWeight))
  })

  const OPTIONS: readonly Partial<QuantizeOptions>[] = [
    { perChannel: false },
    { weights: 'uint8', weightsSymmetric: false },
    { weights: 'uint8', weightsSymmetric: true },
    { weights: 'uint8', weightsSymmetric: false, perChannel: false },
    { weightsSymmetric: false },
  ]
  test.each(OPTIONS)('%o: one kernel, within the steps', async (options) => {
    const { model: after } = await quantizeAll(plain, 'dynamic', [], options)
    expect(await kernelsOf(after)).toEqual(['DynamicQuantizeMatMul'])
    const feeds = ACTIVATIONS.random!
    const [a, b] = await bothResults(plain, after, feeds)
    const x = feeds.x!.data as Float32Array
    // Asymmetric steps are on half the symmetric range, but the zero point may be off by half a step.
    expect(largestError(a.y!, b.y!)).toBeLessThanOrEqual(2 * bound(x, (k, n) => weights[k * N + n]!, largestWeight))
  })

  test('7 bits: twice the step, no code beyond 64', async () => {
    const { model: after } = await quantizeAll(plain, 'dynamic', [], { reduceRange: true })
    const codes = new Int8Array(after.proto.graph!.initializer.find(({ name }) => name === 'w_quantized')!.rawData)
    expect(Math.max(...codes.map(Math.abs))).toBe(64)
  })

  const gemm = (attributes: Parameters<typeof node>[3], ...inputs: string[]) =>
    make([node('Gemm', ['x', ...inputs], ['y'], attributes)])
  const FORMS: readonly { name: string; model: Model; kernels: readonly string[] }[] = [
    {
      name: 'MatMul and Add',
      model: make([node('MatMul', ['x', 'w'], ['m']), node('Add', ['b', 'm'], ['y'])]),
      kernels: ['DynamicQuantizeMatMul'],
    },
    { name: 'Gemm', model: gemm({}, 'w', 'b'), kernels: ['DynamicQuantizeMatMul'] },
    { name: 'Gemm, weights turned', model: gemm({ transB: 1 }, 'wt', 'b'), kernels: ['DynamicQuantizeMatMul'] },
    { name: 'Gemm without bias', model: gemm({ transB: 1 }, 'wt'), kernels: ['DynamicQuantizeMatMul'] },
    { name: 'Gemm, bias of two dimensions', model: gemm({}, 'w', 'b2'), kernels: ['DynamicQuantizeMatMul'] },
    { name: 'Gemm, one number as bias', model: gemm({}, 'w', 'number'), kernels: ['DynamicQuantizeMatMul'] },
    {
      name: 'Gemm with factors',
      model: gemm({ alpha: { float: -0.5 }, beta: { float: 3 } }, 'w', 'b'),
      kernels: ['DynamicQuantizeMatMul'],
    },
    {
      name: 'Gemm that adds a value',
      model: make([node('ReduceMean', ['x'], ['mean'], { axes: [1] }), node('Gemm', ['x', 'w', 'mean'], ['y'])]),
      kernels: ['ReduceMean', 'DynamicQuantizeMatMul', 'Add'],
    },
    {
      name: 'weights in a Constant node',
      model: make([node('Constant', [], ['c'], { value: floatTensor('', [K, N], weights) }), node('MatMul', ['x', 'c'], ['y'])]),
      kernels: ['DynamicQuantizeMatMul'],
    },
    {
      name: 'an opset without DynamicQuantizeLinear',
      model: make([node('Gemm', ['x', 'w', 'b'], ['y'])], { opset: 9 }),
      kernels: ['DynamicQuantizeMatMul'],
    },
    {
      name: 'three readers: one quantizer for all',
      model: make([
        node('MatMul', ['x', 'w'], ['q']),
        node('Gemm', ['x', 'wt', 'b'], ['k'], { transB: 1 }),
        node('MatMul', ['x', 'w3'], ['v']),
        node('Add', ['q', 'k'], ['qk']),
        node('Add', ['qk', 'v'], ['y']),
      ]),
      kernels: ['Add', 'Add', 'DynamicQuantizeLinear', 'MatMulIntegerToFloat', 'MatMulIntegerToFloat', 'MatMulIntegerToFloat'],
    },
  ]
  test.each(FORMS)('$name: $kernels', async ({ model: before, kernels }) => {
    const { model: after } = await quantizeAll(before, 'dynamic', [])
    expect((await kernelsOf(after)).sort()).toEqual([...kernels].sort())
    const [a, b] = await bothResults(before, after, ACTIVATIONS.random!)
    const x = ACTIVATIONS.random!.x!.data as Float32Array
    const largest = Math.max(largestWeight, ...turnedWeights.map(Math.abs))
    // The sum of three is off by three times as much at most.
    expect(largestError(a.y!, b.y!)).toBeLessThanOrEqual(3 * bound(x, () => largest, largest))
    expect(largestError(a.y!, b.y!)).toBeLessThan(0.05 * Math.max(...(a.y!.data as Float32Array).map(Math.abs)))
  })

  test('weights that two layers share stand in the file once', async () => {
    const shared = make([
      node('Neg', ['x'], ['opposite']),
      node('MatMul', ['x', 'w'], ['p']),
      node('MatMul', ['opposite', 'w'], ['q']),
      node('Sub', ['p', 'q'], ['y']),
    ])
    const { model: after } = await quantizeAll(shared, 'dynamic', [])
    const large = after.proto.graph!.initializer.filter(({ rawData }) => rawData.byteLength >= K * N).map(({ name }) => name)
    expect(large).toEqual(['w_quantized'])
    expect((await kernelsOf(after)).sort()).toEqual(['DynamicQuantizeMatMul', 'DynamicQuantizeMatMul', 'Neg', 'Sub'])
  })

  test('weights beside the model are read from there', async () => {
    const bytes = new Uint8Array(weights.buffer.slice(0))
    const stripped = copyWith(plain.proto.graph!.initializer[0]!, {
      rawData: new Uint8Array(),
      dataLocation: 1,
      externalData: [
        { $typeName: 'onnx.StringStringEntryProto', key: 'location', value: 'w.bin' },
        { $typeName: 'onnx.StringStringEntryProto', key: 'offset', value: '0' },
      ],
    })
    const proto = copyWith(plain.proto, { graph: copyWith(plain.proto.graph!, { initializer: [stripped] }) })
    const source = { sizeBytes: bytes.length, read: (offset: number, length: number) => bytes.subarray(offset, offset + length) }
    const outside: Model = { ...plain, proto, weights: new Map([['w.bin', source]]) }
    const [a, b] = [await quantizeAll(plain, 'dynamic', []), await quantizeAll(outside, 'dynamic', [])]
    const quantizedOf = ({ proto: { graph: g } }: Model) => g!.initializer.map(({ name, rawData }) => [name, [...rawData]])
    expect(quantizedOf(b.model)).toEqual(quantizedOf(a.model))
  })

  test('what is inside of If stays, and still runs', async () => {
    const branch = (name: string, opType: string) =>
      graph({
        nodes: [node(opType, opType === 'MatMul' ? ['h', 'square'] : ['h'], [name])],
        outputs: [valueInfo(name, 'float32')],
      })
    const before = make(
      [
        node('MatMul', ['x', 'w'], ['h']),
        node('ReduceMean', ['x'], ['mean'], { keepdims: 0 }),
        node('Greater', ['mean', 'number'], ['large']),
        node('If', ['large'], ['y'], { then_branch: branch('t', 'Neg'), else_branch: branch('e', 'MatMul') }),
      ],
      {
        initializers: [
          floatTensor('w', [K, N], weights),
          floatTensor('square', [N, N], normals(N * N)),
          floatTensor('number', [], [9]),
        ],
      },
    )
    const { model: after, layers } = await quantizeAll(before, 'dynamic', [])
    expect(layers.map((one) => one.node)).toEqual(['h'])
    const [a, b] = await bothResults(before, after, ACTIVATIONS.random!)
    expect(largestError(a.y!, b.y!)).toBeLessThan(0.05 * Math.max(...(a.y!.data as Float32Array).map(Math.abs)))
  })
})

describe('what stays in float32, with the reason', () => {
  const skippedOf = (given: Model, name: string) =>
    quantize(given, { layers: new Map([[name, 'dynamic']]), ranges: new Map(), options: here })

  const CASES: readonly { name: string; model: Model; reason: RegExp }[] = [
    {
      name: 'no such node',
      model: make([node('Neg', ['x'], ['z']), node('Neg', ['z'], ['y2'])], { outputs: [valueInfo('y2', 'float32')] }),
      reason: /no such node/,
    },
    { name: 'another operator', model: make([node('Neg', ['x'], ['y'])]), reason: /Neg is not a product/ },
    {
      name: 'no constant',
      model: make([node('Transpose', ['x'], ['t']), node('MatMul', ['x', 't'], ['y'])]),
      reason: /not a float32 constant/,
    },
    {
      name: 'the constant first',
      model: make([node('Transpose', ['x'], ['t']), node('MatMul', ['wt', 't'], ['y'])]),
      reason: /first operand/,
    },
    {
      name: 'weights that the caller may override',
      model: make([node('MatMul', ['x', 'w'], ['y'])], {
        inputs: [valueInfo('x', 'float32', ['rows', K]), valueInfo('w', 'float32', [K, N])],
      }),
      reason: /overridden by the caller/,
    },
    { name: 'turned activations', model: make([node('Gemm', ['x', 'w'], ['y'], { transA: 1 })]), reason: /turns its first/ },
    {
      name: 'infinite weights',
      model: make([node('MatMul', ['x', 'w'], ['y'])], {
        initializers: [
          floatTensor(
            'w',
            [K, N],
            weights.map((v, k) => (k === 5 ? Number.POSITIVE_INFINITY : v)),
          ),
        ],
      }),
      reason: /NaN or infinity/,
    },
    {
      name: 'an opset out of reach',
      model: make([node('MatMul', ['x', 'w'], ['y'])], { opset: 6 }),
      reason: /opset 6 cannot be raised/,
    },
  ]
  test.each(CASES)('$name', ({ model: given, reason }) => {
    const { model: after, skipped, layers, changes } = skippedOf(given, 'y')
    expect(skipped).toEqual([{ node: 'y', reason: expect.stringMatching(reason) }])
    expect([after, layers, changes]).toEqual([given, [], []])
  })
})
