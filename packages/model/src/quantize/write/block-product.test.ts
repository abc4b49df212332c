import { floatTensor, type ModelParts, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { describe, expect, test } from 'vitest'
import { bothResults, kernelsOf, largestError, quantizeAll } from '../../../test/support/quantize/write/check-quantize.ts'
import type { QuantizeOptions } from './choice.ts'

const random = mulberry32(17)
const normals = (count: number) => Float32Array.from({ length: count }, () => normal(random))
const [K, N] = [70, 12]
const weights = normals(K * N)

const make = (nodes: ModelParts['nodes']) =>
  modelInMemory(
    model({
      nodes,
      inputs: [valueInfo('x', 'float32', ['rows', K])],
      outputs: [valueInfo('y', 'float32')],
      initializers: [floatTensor('w', [K, N], weights), floatTensor('t', [N, K], weights), floatTensor('b', [N], normals(N))],
    }),
  )
const FORMS = {
  MatMul: make([node('MatMul', ['x', 'w'], ['y'])]),
  'MatMul and Add': make([node('MatMul', ['x', 'w'], ['m']), node('Add', ['m', 'b'], ['y'])]),
  'Gemm with turned weights and factors': make([
    node('Gemm', ['x', 't', 'b'], ['y'], { transB: 1, alpha: { float: 0.5 }, beta: { float: 2 } }),
  ]),
}
const rowsOf = (values: Float32Array): Feeds => ({ x: { dtype: 'float32', shape: [values.length / K, K], data: values } })
const ACTIVATIONS: Readonly<Record<string, Feeds>> = {
  random: rowsOf(normals(3 * K)),
  'all zero': rowsOf(new Float32Array(K)),
  'huge range': rowsOf(normals(2 * K).map((value, k) => (k % 9 ? value : 1e15 * value))),
  denormal: rowsOf(normals(K).map((value) => 1e-40 * value)),
  empty: rowsOf(new Float32Array(0)),
}

/** Largest step of a weight of any block: in 4 bits 1/8 of the largest number (symmetric), or its range / 15. */
const stepOf = (bits: number) => (2 * Math.max(...weights.map(Math.abs))) / (2 ** bits - 1)

describe.each(['weights8', 'weights4'] as const)('%s', (precision) => {
  const bits = precision === 'weights8' ? 8 : 4
  const OPTIONS: readonly Partial<QuantizeOptions>[] = [
    { blockSize: 32 },
    { blockSize: 16, blockSymmetric: false },
    { blockSize: 128 },
    { blockSize: 64, int8Products: false },
  ]
  test.each(OPTIONS.flatMap((options) => Object.entries(FORMS).map(([form, before]) => ({ options, form, before }))))(
    '$form, $options',
    async ({ options, before }) => {
      const { model: after, layers } = await quantizeAll(before, precision, [], options)
      expect(layers.map((one) => one.precision)).toEqual([precision])
      expect((await kernelsOf(after)).filter((kernel) => kernel !== 'Add')).toEqual(['MatMulNBits'])
      const feeds = ACTIVATIONS.random!
      const [a, b] = await bothResults(before, after, feeds)
      const largest = Math.max(...(feeds.x!.data as Float32Array).map(Math.abs))
      // K products, each off by a step of the weight and, in int8, by a step of 1/127 of the activation.
      const products = options.int8Products === false ? 0 : (largest / 127) * Math.max(...weights.map(Math.abs))
      expect(largestError(a.y!, b.y!)).toBeLessThanOrEqual(K * (largest * stepOf(bits) + products))
    },
  )

  test.each(Object.entries(ACTIVATIONS))('%s activations: the error is bounded by their size', async (_, feeds) => {
    const before = FORMS['MatMul and Add']
    const { model: after } = await quantizeAll(before, precision, [])
    const [a, b] = await bothResults(before, after, feeds)
    const largest = Math.max(0, ...(feeds.x!.data as Float32Array).map(Math.abs))
    const bound = K * largest * (stepOf(bits) + Math.max(...weights.map(Math.abs)) / 127)
    expect(largestError(a.y!, b.y!)).toBeLessThanOrEqual(bound + 1e-6)
  })
})
