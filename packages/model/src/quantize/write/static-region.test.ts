import { floatTensor, node, valueInfo } from '@whyslow/graph/build.ts'
import { describe, expect, test } from 'vitest'
import {
  bothResults,
  kernelsOf,
  observedRanges,
  quantizeAll,
  unfusedWeights,
} from '../../../test/support/quantize/write/check-quantize.ts'
import { decibelsLost, here } from '../../../test/support/quantize/write/example-options.ts'
import { initializers, make, normals, plain, sqnr, within } from '../../../test/support/quantize/write/example-static.ts'
import { quantizableNodes } from './quantizable.ts'
import { quantize } from './quantize.ts'

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
      expect(sqnr(a[name]!.data as Float32Array, b[name]!.data as Float32Array)).toBeGreaterThan(27 - decibelsLost)
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
        expect(sqnr(a.y!.data as Float32Array, b.y!.data as Float32Array)).toBeGreaterThan(27 - decibelsLost)
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
    const able = quantizableNodes(before).filter((one) => one.precisions.includes('static') && one.opType !== opType)
    const layers = new Map([
      ...able.map((one) => [one.node, 'static'] as const),
      ['a', 'static'] as const,
      ['y', 'static'] as const,
    ])
    const ranges = await observedRanges(before, [plain])
    const { model: after, skipped } = quantize(before, { layers, ranges, options: here })
    expect(skipped).toEqual([])
    expect(await unfusedWeights(after)).toEqual([])
    const kernels = await kernelsOf(after)
    expect(kernels.filter((kernel) => kernel === 'QLinearConv').length).toBe(2)
    expect(kernels.filter((kernel) => /^(Conv|FusedConv|ConvTranspose|Gemm|FusedGemm|MatMul)$/.test(kernel)).length).toBe(1)
    const [a, b] = await bothResults(before, after, plain)
    expect(sqnr(a.y!.data as Float32Array, b.y!.data as Float32Array)).toBeGreaterThan(27 - decibelsLost)
  })

  test('with symmetric activations Relu stays an operator, on floats, and Conv has its kernel', async () => {
    const before = make([node('Conv', ['x', 'conv', 'conv_bias'], ['c']), node('Relu', ['c'], ['y'])])
    const { model: after } = await quantizeAll(before, 'static', [plain], { activations: 'int8', activationsSymmetric: true })
    expect(await kernelsOf(after)).toContain('QLinearConv')
    expect(await unfusedWeights(after)).toEqual([])
    const [a, b] = await bothResults(before, after, plain)
    expect(sqnr(a.y!.data as Float32Array, b.y!.data as Float32Array)).toBeGreaterThan(27 - decibelsLost)
  })

  test('a node without a range stays in float32, and the others do not suffer', async () => {
    const before = make(within(node('LeakyRelu', ['a'], ['l']), node('Sigmoid', ['l'], ['b'])))
    const ranges = new Map(await observedRanges(before, [plain]))
    ranges.delete('l')
    const asked = ['a', 'l', 'b', 'y'].map((name) => [name, 'static'] as const)
    const { model: after, skipped, layers } = quantize(before, { layers: new Map(asked), ranges, options: here })
    expect(skipped).toEqual(['l', 'b'].map((name) => ({ node: name, reason: "no range of 'l' was observed" })))
    expect(layers.map((one) => one.node)).toEqual(['a', 'y'])
    const [a, b] = await bothResults(before, after, plain)
    expect(sqnr(a.y!.data as Float32Array, b.y!.data as Float32Array)).toBeGreaterThan(27 - decibelsLost)
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
      const { model: after, skipped } = quantize(before, { layers, ranges, options: here })
      expect(skipped).toEqual([{ node: 's', reason: "it is part of 'm'" }])
      const [a, b] = await bothResults(before, after, plain)
      expect(sqnr(a.y!.data as Float32Array, b.y!.data as Float32Array)).toBeGreaterThan(27 - decibelsLost)
    }
  })

  test('ranges that are not finite count as none', () => {
    const asked = { layers: new Map([['y', 'static' as const]]), options: here }
    const ranges = new Map([
      ['x', { low: Number.NaN, high: 1 }],
      ['y', { low: 0, high: 1 }],
    ])
    expect(quantize(make([node('Conv', ['x', 'point'], ['y'])]), { ...asked, ranges }).skipped).toEqual([
      { node: 'y', reason: "no range of 'x' was observed" },
    ])
  })
})
