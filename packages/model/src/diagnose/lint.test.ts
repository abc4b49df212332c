// Lint against the engine itself: planted groups are optimized by it, and what it then runs is judged, each node taking 1 ms.

import { floatTensor, int64Tensor, model, modelInMemory, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { withWeightStatistics } from '@whyslow/graph/weight-statistics.ts'
import { convGroup, gemmGroup, unaryGroup } from '@whyslow/measure/support/engines/onnxruntime/int8/example-groups.ts'
import { embedding, integerChain, nBits } from '@whyslow/measure/support/engines/onnxruntime/int8/example-integers.ts'
import type { ModelProto } from 'onnx-buf'
import { describe, expect, test } from 'vitest'
import { engine, evidence, machine } from '../../test/support/diagnose/example-evidence.ts'
import { exampleSetup, optimizedBy, profileAsWritten, randomFeeds } from '../../test/support/remedies/check-remedy.ts'
import { analyze } from '../analyze/analyze.ts'
import { lintQuantization } from './lint.ts'

async function lintOf(
  proto: ModelProto,
  { level = 'all', isa = ['avx2', 'avx512_vnni'] }: { level?: 'basic' | 'all'; isa?: string[] } = {},
) {
  const setup = exampleSetup(proto, { options: { graphOptimization: level } })
  const executed = { ...setup, model: await optimizedBy(setup) }
  const profile = await profileAsWritten(executed, randomFeeds(setup.model, 1))
  const graph = withWeightStatistics(setup.model, viewGraph(setup.model))
  const found = lintQuantization(
    analyze({
      ...evidence({ engine: engine({ options: { ...setup.options, graphOptimization: level } }) }),
      machine: machine({ isa }),
      graph,
      profile,
    }),
  )
  return found!
}

const reasons = async (proto: ModelProto, level?: 'basic' | 'all') =>
  (await lintOf(proto, { ...(level ? { level } : {}) })).unfused.map(
    ({ operator, condition }) => `${operator.opType}: ${condition}`,
  )

describe('what did not fuse', () => {
  const cases: readonly (readonly [string, ModelProto, readonly string[]])[] = [
    ['a whole group', convGroup(), []],
    ['a convolution without a QuantizeLinear behind it', convGroup({ output: 'float-reader' }), ['Conv: output-not-quantized']],
    ['a bias of another scale', convGroup({ bias: 'scale-off' }), ['Conv: bias-scale']],
    ['an activation that stays apart', convGroup({ activation: 'Relu' }), ['FusedConv: activation-apart']],
    ['weights alone in int8', convGroup({ weightsOnly: true, bias: 'none', output: 'graph-output' }), ['Conv: weights-only']],
    [
      'weights by way of a Reshape',
      convGroup({ reshaped: true, perChannel: false, weightsOnly: true, bias: 'none', output: 'graph-output' }),
      ['Reshape: weights-only'],
    ],
    ['weights alone of a product, which the engine packs', gemmGroup({ weightsOnly: true, quantizedOutput: false }), []],
    ['a table', embedding(), ['Gather: weights-only']],
    [
      'a shape-only operator between two scales',
      unaryGroup('Transpose', { attributes: { perm: [0, 2, 3, 1] }, y: { scale: 0.06 } }),
      ['Transpose: scales-differ'],
    ],
    ['an operator without an int8 kernel', unaryGroup('Tanh'), ['Tanh: no-int8-kernel']],
    ['a dynamic product', integerChain(), []],
    ['a dynamic product with a bias', integerChain({ bias: true }), []],
    ['scales one by one', integerChain({ order: 'one-by-one' }), ['MatMulInteger: scaling-apart']],
    ['a product that is read before it is scaled', integerChain({ readToo: true }), ['MatMulInteger: scaling-apart']],
    ['a dynamic convolution', integerChain({ opType: 'ConvInteger' }), ['ConvInteger: integer-convolution']],
    ['4-bit weights unpacked to float', nBits(), ['MatMulNBits: float-products']],
    ['4-bit weights multiplied in int8', nBits(4), []],
  ]
  test.each(cases)('%s', async (_, proto, expected) => {
    expect(await reasons(proto)).toEqual(expected)
  })

  test('below the level at which anything fuses, that is the reason', async () => {
    expect(await reasons(convGroup(), 'basic')).toEqual(['Conv: optimization-level'])
    expect(await reasons(integerChain(), 'basic')).toEqual(['MatMulInteger: optimization-level'])
    expect(await reasons(convGroup({ bias: 'scale-off' }), 'basic')).toEqual(['Conv: bias-scale'])
  })

  test('a pair of conversions between float operators only rounds', async () => {
    const pair = model({
      nodes: [
        node({ opType: 'Erf', name: 'before' }, ['x'], ['e']),
        node('QuantizeLinear', ['e', 's', 'z'], ['q']),
        node('DequantizeLinear', ['q', 's', 'z'], ['f']),
        node({ opType: 'Erf', name: 'after' }, ['f'], ['y']),
      ],
      inputs: [valueInfo('x', 'float32', [4])],
      outputs: [valueInfo('y', 'float32', [4])],
      initializers: [floatTensor('s', [], [0.01]), rawTensor('z', 'uint8', [], Uint8Array.of(128))],
    })
    expect(await reasons(pair)).toEqual(['Erf: float-pair'])
  })
})

test('costs: three conversions of 1 ms, the operator 1 ms; the rest is borders', async () => {
  const { unfused, borders, fused } = await lintOf(convGroup({ output: 'float-reader' }))
  const [group] = unfused
  expect(group).toMatchObject({ conversionsMs: 3, operatorMs: 1 })
  expect(group!.written?.name).toBe('conv')
  // Without roofs for int8 beyond float32's the kernel promises nothing.
  expect(group!.wouldSaveMs).toBe(3)
  expect(borders).toEqual({ nodes: 1, timeMs: 1 })
  expect(fused).toEqual([])
})

test('an integer convolution costs what quantizes and scales for it, too', async () => {
  for (const order of ['scales-first', 'one-by-one'] as const) {
    const { unfused, borders } = await lintOf(integerChain({ opType: 'ConvInteger', order }))
    // DynamicQuantizeLinear, Cast, Mul, Mul.
    expect(unfused[0]).toMatchObject({ conversionsMs: 4, operatorMs: 1 })
    expect(borders).toEqual({ nodes: 0, timeMs: 0 })
  }
})

test('what fused: kernels by type, and what moves integers', async () => {
  const shape = int64Tensor('shape', [2], [16, 64])
  expect((await lintOf(gemmGroup())).fused).toEqual([{ opType: 'QGemm', nodes: 1, timeMs: 1 }])
  expect((await lintOf(unaryGroup('Reshape', { others: [shape] }))).fused).toEqual([{ opType: 'Reshape', nodes: 1, timeMs: 1 }])
  expect((await lintOf(integerChain())).fused).toEqual([{ opType: 'DynamicQuantizeMatMul', nodes: 1, timeMs: 1 }])
})

describe('hazards', () => {
  const hazardsOf = async (proto: ModelProto, isa?: string[]) =>
    (await lintOf(proto, isa ? { isa } : {})).hazards.map(({ hazard }) => hazard)

  test('a Gemm whose bias has another scale than its kernel takes for granted', async () => {
    const { hazards, unfused } = await lintOf(gemmGroup({ bias: 'scale-off' }))
    expect(unfused).toEqual([])
    expect(hazards[0]).toMatchObject({ hazard: 'wrong-result', nodes: ['product'] })
    expect(await hazardsOf(gemmGroup({ bias: 'quantized' }))).not.toContain('wrong-result')
  })

  test('a scale for each input of a MatMul, which fuses and fails', async () => {
    const proto = gemmGroup({ opType: 'MatMul', axis: 0 })
    const graph = viewGraph(modelInMemory(proto))
    const { profile } = evidence({ nodes: [] })
    const found = lintQuantization(analyze({ ...evidence({ nodes: [] }), graph, profile: profile! }))!
    expect(found.hazards.map(({ hazard, nodes }) => [hazard, nodes])).toEqual([['wrong-result', ['product']]])
  })

  test('a depthwise convolution', async () => {
    const { hazards } = await lintOf(convGroup({ groups: 16 }))
    expect(hazards.find(({ hazard }) => hazard === 'depthwise-int8')).toMatchObject({
      timeMs: 1,
      detail: expect.stringMatching(/^1 grouped convolution in int8 takes 1\.00 ms/),
    })
    expect(await hazardsOf(convGroup())).not.toContain('depthwise-int8')
  })

  test('weights beyond 64 saturate without VNNI, here or elsewhere', async () => {
    const titles = async (proto: ModelProto, isa: string[]) => (await lintOf(proto, { isa })).hazards.map(({ title }) => title)
    expect(await titles(convGroup(), ['avx2', 'avx512_vnni'])).toEqual(['Sums of int8 products may saturate on other machines'])
    expect(await titles(convGroup(), ['avx2'])).toEqual(['Sums of int8 products may saturate'])
    expect(await titles(unaryGroup('Sigmoid'), ['avx2'])).toEqual([])
  })

  test('float16 on a CPU', async () => {
    const half = (count: number) => new Uint8Array(Uint16Array.from({ length: count }, () => 0x2c00).buffer)
    const { hazards } = await lintOf(
      model({
        nodes: [node('MatMul', ['x', 'w'], ['y'])],
        inputs: [valueInfo('x', 'float16', [2, 4])],
        outputs: [valueInfo('y', 'float16', [2, 3])],
        initializers: [rawTensor('w', 'float16', [4, 3], half(12))],
      }),
    )
    expect(hazards[0]).toMatchObject({ hazard: 'float16-on-cpu', detail: expect.stringMatching(/^24 B of weights are float16/) })
  })
})
