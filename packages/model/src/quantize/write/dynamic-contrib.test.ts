import {
  floatTensor,
  int64Tensor,
  type ModelParts,
  model,
  modelInMemory,
  node,
  rawTensor,
  valueInfo,
} from '@whyslow/graph/build.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import { describe, expect, test } from 'vitest'
import { bothResults, kernelsOf, largestError, quantizeAll } from '../../../test/support/quantize/write/check-quantize.ts'
import { decibelsLost, here } from '../../../test/support/quantize/write/example-options.ts'
import { randomFeeds } from '../../../test/support/remedies/check-run.ts'
import { quantize } from './quantize.ts'

const random = mulberry32(13)
const normals = (count: number, size = 1) => Float32Array.from({ length: count }, () => size * normal(random))
const [HIDDEN, INPUTS] = [8, 16]

describe('LSTM', () => {
  const lstm = (directions: number, attributes: Parameters<typeof node>[3], inputs: readonly string[] = ['x', 'W', 'R', 'B']) =>
    modelInMemory(
      model({
        nodes: [node('LSTM', inputs, ['y', 'h', 'c'], { hidden_size: HIDDEN, ...attributes })],
        inputs: [valueInfo('x', 'float32', ['steps', 2, INPUTS])],
        outputs: ['y', 'h', 'c'].map((name) => valueInfo(name, 'float32')),
        initializers: [
          floatTensor('W', [directions, 4 * HIDDEN, INPUTS], normals(directions * 4 * HIDDEN * INPUTS, 0.3)),
          floatTensor('R', [directions, 4 * HIDDEN, HIDDEN], normals(directions * 4 * HIDDEN * HIDDEN, 0.3)),
          floatTensor('B', [directions, 8 * HIDDEN], normals(directions * 8 * HIDDEN)),
          floatTensor('h0', [directions, 2, HIDDEN], normals(directions * 2 * HIDDEN)),
          floatTensor('c0', [directions, 2, HIDDEN], normals(directions * 2 * HIDDEN)),
          rawTensor('lengths', 'int32', [2], new Uint8Array(Int32Array.of(5, 3).buffer)),
        ],
      }),
    )
  const CASES = [
    { name: 'forward', directions: 1, attributes: {}, inputs: undefined },
    { name: 'both ways', directions: 2, attributes: { direction: 'bidirectional' }, inputs: undefined },
    {
      name: 'backward, states and lengths',
      directions: 1,
      attributes: { direction: 'reverse' },
      inputs: ['x', 'W', 'R', 'B', 'lengths', 'h0', 'c0'],
    },
    { name: 'without bias', directions: 1, attributes: {}, inputs: ['x', 'W', 'R'] },
  ]
  test.each(CASES.flatMap((one) => [true, false].map((perChannel) => ({ ...one, perChannel }))))(
    '$name, per channel: $perChannel',
    async ({ directions, attributes, inputs, perChannel }) => {
      const before = lstm(directions, attributes, inputs)
      const { model: after, layers } = await quantizeAll(before, 'dynamic', [], { perChannel })
      expect(layers).toMatchObject([{ node: 'y', opType: 'LSTM', precision: 'dynamic' }])
      expect(layers[0]!.weightSqnrDb).toBeGreaterThan(30 - decibelsLost)
      expect(await kernelsOf(after)).toEqual(['DynamicQuantizeLSTM'])
      const [a, b] = await bothResults(before, after, randomFeeds(before, 1, { steps: 5 }))
      // Gates are between -1 and 1, and their slopes are 1 at most.
      for (const name of ['y', 'h']) expect(largestError(a[name]!, b[name]!)).toBeLessThan(0.05)
    },
  )

  test('zeros alone', async () => {
    const before = lstm(1, {})
    const { model: after } = await quantizeAll(before, 'dynamic', [])
    const zeros = { x: { dtype: 'float32' as const, shape: [3, 2, INPUTS], data: new Float32Array(3 * 2 * INPUTS) } }
    const [a, b] = await bothResults(before, after, zeros)
    expect(largestError(a.y!, b.y!)).toBeLessThan(0.05)
  })
})

describe('Attention', () => {
  const attention = (attributes: Parameters<typeof node>[3], nodes: ModelParts['nodes'] = [], inputs = ['x', 'w', 'b']) =>
    modelInMemory(
      model({
        nodes: [...nodes, node({ opType: 'Attention', domain: 'com.microsoft' }, inputs, ['y'], { num_heads: 2, ...attributes })],
        inputs: [valueInfo('x', 'float32', [2, 5, INPUTS])],
        outputs: [valueInfo('y', 'float32')],
        initializers: [
          floatTensor('w', [INPUTS, 3 * INPUTS], normals(3 * INPUTS * INPUTS, 0.3)),
          floatTensor('b', [3 * INPUTS], normals(3 * INPUTS)),
          rawTensor('mask', 'int32', [2, 5], new Uint8Array(Int32Array.of(1, 1, 1, 1, 1, 1, 1, 1, 0, 0).buffer)),
          int64Tensor('unused', [1], [0]),
        ],
        opsets: { 'com.microsoft': 1 },
      }),
    )

  test.each([
    { name: 'plain', before: attention({}) },
    { name: 'with a mask', before: attention({}, [], ['x', 'w', 'b', 'mask']) },
    { name: 'looking back alone', before: attention({ unidirectional: 1 }) },
  ])('$name becomes QAttention', async ({ before }) => {
    const { model: after, layers } = await quantizeAll(before, 'dynamic', [])
    expect(layers).toMatchObject([{ node: 'y', opType: 'Attention' }])
    expect((await kernelsOf(after)).sort()).toEqual(['DynamicQuantizeLinear', 'QAttention'])
    const [a, b] = await bothResults(before, after, randomFeeds(before, 2))
    expect(largestError(a.y!, b.y!)).toBeLessThan(0.06 * Math.max(...(a.y!.data as Float32Array).map(Math.abs)))
  })

  test('stays where the kernel would compute something else', () => {
    const asked = { layers: new Map([['y', 'dynamic' as const]]), ranges: new Map(), options: here }
    const reasonOf = (given: ReturnType<typeof attention>) => quantize(given, asked).skipped[0]?.reason
    expect(reasonOf(attention({ qkv_hidden_sizes: [INPUTS, INPUTS, INPUTS] }))).toMatch(/differ in size/)
    expect(reasonOf(attention({}, [], ['x', 'w', '']))).toMatch(/no bias/)
    expect(reasonOf(attention({}, [node('Neg', ['x'], ['bias'])], ['x', 'w', 'b', '', '', 'bias']))).toMatch(
      /bias of the attention/,
    )
  })
})
