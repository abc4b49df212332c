import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import { problemsOf } from '@whyslow/graph/validate.ts'
import type { Results } from '@whyslow/measure/engines/types.ts'
import { describe, expect, test } from 'vitest'
import { bothResults, quantizeAll } from '../../../test/support/quantize/write/check-quantize.ts'
import { randomFeeds, runSetup } from '../../../test/support/remedies/check-run.ts'
import { exampleSetup } from '../../../test/support/remedies/example-evidence.ts'
import { smoothingFactors, withSmoothedChannels } from './smooth.ts'

const WIDTH = 16
/** Channel 3 is fifty times as large as the others. */
const OUTLIERS = Array.from({ length: WIDTH }, (_, k) => (k === 3 ? 50 : 1))

function weights(name: string, shape: readonly number[], seed: number) {
  const random = mulberry32(seed)
  return floatTensor(
    name,
    shape,
    Array.from({ length: shape.reduce((all, one) => all * one, 1) }, () => normal(random) / 4),
  )
}

interface Parts {
  readonly nodes: readonly ReturnType<typeof node>[]
  readonly initializers: readonly ReturnType<typeof floatTensor>[]
  readonly outputs?: readonly string[]
}

const network = ({ nodes, initializers, outputs = ['y'] }: Parts): Model =>
  modelInMemory(
    model({
      nodes,
      initializers,
      inputs: [valueInfo('x', 'float32', [6, WIDTH])],
      outputs: outputs.map((name) => valueInfo(name, 'float32')),
      opset: 17,
    }),
  )

const scaleAndBias = [floatTensor('g', [WIDTH], OUTLIERS), weights('b', [WIDTH], 2)]
const second = weights('w', [WIDTH, 8], 5)

/** What makes the activation `a` that MatMul with `w` reads. */
const MAKERS: Readonly<Record<string, Parts>> = {
  LayerNormalization: { nodes: [node('LayerNormalization', ['x', 'g', 'b'], ['a'])], initializers: scaleAndBias },
  'LayerNormalization without a bias': {
    nodes: [node('LayerNormalization', ['x', 'g'], ['a'])],
    initializers: [scaleAndBias[0]!],
  },
  'factors and a bias behind a normalization': {
    nodes: [node('Mul', ['g', 'x'], ['m']), node('Add', ['m', 'b'], ['a'])],
    initializers: scaleAndBias,
  },
  'a division': {
    nodes: [node('Div', ['x', 'd'], ['a'])],
    initializers: [
      floatTensor(
        'd',
        [1, WIDTH],
        OUTLIERS.map((one) => 1 / one),
      ),
    ],
  },
  'Gemm with turned weights and Relu': {
    nodes: [node('Gemm', ['x', 'first', 'b'], ['h'], { transB: 1, alpha: 0.5 }), node('Relu', ['h'], ['a'])],
    initializers: [weights('first', [WIDTH, WIDTH], 7), scaleAndBias[1]!],
  },
  'MatMul, its bias and Relu': {
    nodes: [node('MatMul', ['x', 'first'], ['h']), node('Add', ['b', 'h'], ['s']), node('Relu', ['s'], ['a'])],
    initializers: [weights('first', [WIDTH, WIDTH], 7), scaleAndBias[1]!],
  },
}

const withProduct = ({ nodes, initializers }: Parts): Model =>
  network({ nodes: [...nodes, node('MatMul', ['a', 'w'], ['y'])], initializers: [...initializers, second] })

/** Of values of a prediction with these rows, the largest magnitude in each column. */
async function peaksOf(one: Model, ...values: readonly string[]): Promise<ReadonlyMap<string, readonly number[]>> {
  const graph = one.proto.graph!
  const watched = network({ nodes: graph.node, initializers: graph.initializer as never, outputs: values })
  const [results] = await runSetup(exampleSetup(watched), [randomFeeds(one, 1)])
  return new Map(values.map((value) => [value, columnPeaks(results!, value)]))
}

function columnPeaks(results: Results, value: string): number[] {
  const { data, shape } = results[value]!
  const width = shape.at(-1)!
  const peaks = new Array<number>(width).fill(0)
  for (const [at, number] of (data as Float32Array).entries()) peaks[at % width] = Math.max(peaks[at % width]!, Math.abs(number))
  return peaks
}

describe('factors', () => {
  test('the largest of the activation to the power a over the largest of the weights to the power 1 - a', () => {
    // 16^½ / 4^½, and 16^¾ / 4^¼ = 8 / √2.
    expect(smoothingFactors([16, 1], [4, 4])).toEqual([2, 0.5])
    expect(smoothingFactors([16], [4], 0.75)[0]).toBeCloseTo(8 / Math.SQRT2, 12)
  })

  test('1 where there is nothing to move', () => {
    expect(smoothingFactors([0, 3, Number.NaN], [2, 0, 1])).toEqual([1, 1, 1])
  })
})

describe('smoothed', () => {
  test.each(Object.entries(MAKERS))('%s: the same up to rounding', async (_, parts) => {
    const before = withProduct(parts)
    const peaks = await peaksOf(before, 'a')
    const { model: after, values } = withSmoothedChannels(before, peaks)
    expect(values).toEqual(['a'])
    expect(problemsOf(after.proto)).toEqual([])
    expect(after.proto.graph!.node.map(({ opType }) => opType)).toEqual(before.proto.graph!.node.map(({ opType }) => opType))
    const [a, b] = await bothResults(before, after, randomFeeds(before, 3))
    const [expected, given] = [a.y!.data as Float32Array, b.y!.data as Float32Array]
    const largest = expected.reduce((most, one) => Math.max(most, Math.abs(one)), 0)
    for (const [k, one] of given.entries()) expect(Math.abs(one - expected[k]!)).toBeLessThan(1e-5 * largest)
    // Channels are as the factors say: |X_j| / s_j.
    const rows = Array.from({ length: WIDTH }, (_, j) =>
      Math.max(...[...new Float32Array(second.rawData.slice().buffer).subarray(8 * j, 8 * j + 8)].map(Math.abs)),
    )
    const factors = smoothingFactors(peaks.get('a')!, rows)
    const left = (await peaksOf(after, 'a')).get('a')!
    left.forEach((peak, j) => {
      expect(peak).toBeCloseTo(peaks.get('a')![j]! / factors[j]!, 4)
    })
  })

  test('chains: what is read and made by products', async () => {
    const before = network({
      nodes: [
        node('LayerNormalization', ['x', 'g', 'b'], ['n']),
        node('MatMul', ['n', 'first'], ['h']),
        node('Relu', ['h'], ['a']),
        node('MatMul', ['a', 'w'], ['left']),
        node('MatMul', ['a', 'w'], ['right']),
        node('Add', ['left', 'right'], ['y']),
      ],
      initializers: [...scaleAndBias, weights('first', [WIDTH, WIDTH], 7), second],
    })
    const { model: after, values } = withSmoothedChannels(before, await peaksOf(before, 'n', 'a'))
    expect(values).toEqual(['n', 'a'])
    const [a, b] = await bothResults(before, after, randomFeeds(before, 3))
    const [expected, given] = [a.y!.data as Float32Array, b.y!.data as Float32Array]
    const largest = expected.reduce((most, one) => Math.max(most, Math.abs(one)), 0)
    for (const [k, one] of given.entries()) expect(Math.abs(one - expected[k]!)).toBeLessThan(1e-5 * largest)
  })

  const residual = [node('LayerNormalization', ['x', 'g', 'b'], ['a']), node('MatMul', ['a', 'square'], ['m'])]
  const square = weights('square', [WIDTH, WIDTH], 9)
  test.each<[string, Parts]>([
    ['others read it', { nodes: [...residual, node('Add', ['a', 'm'], ['y'])], initializers: [...scaleAndBias, square] }],
    ['the caller reads it', { nodes: residual, initializers: [...scaleAndBias, square], outputs: ['a', 'm'] }],
    [
      'a curve is between',
      {
        nodes: [
          node('LayerNormalization', ['x', 'g', 'b'], ['n']),
          node('Sigmoid', ['n'], ['a']),
          node('MatMul', ['a', 'square'], ['y']),
        ],
        initializers: [...scaleAndBias, square],
      },
    ],
    ['nothing makes it', { nodes: [node('MatMul', ['x', 'square'], ['y'])], initializers: [square] }],
    [
      'what makes it has another reader',
      {
        nodes: [
          node('MatMul', ['x', 'square'], ['h']),
          node('Relu', ['h'], ['a']),
          node('MatMul', ['a', 'w'], ['left']),
          node('MatMul', ['h', 'w'], ['right']),
          node('Add', ['left', 'right'], ['y']),
        ],
        initializers: [square, second],
      },
    ],
  ])('left alone where %s', (_, parts) => {
    const before = network(parts)
    const peaks = new Map(['a', 'x'].map((value) => [value, OUTLIERS]))
    expect(withSmoothedChannels(before, peaks)).toEqual({ model: before, values: [] })
  })

  test.each(['dynamic', 'static'] as const)('%s int8 of channels unlike in size errs less', async (precision) => {
    const before = withProduct(MAKERS.LayerNormalization!)
    const feeds = [randomFeeds(before, 1)]
    const { model: after } = withSmoothedChannels(before, await peaksOf(before, 'a'))
    const errorOf = async (float: Model): Promise<number> => {
      const { model: small } = await quantizeAll(float, precision, feeds)
      const [a, b] = await bothResults(before, small, feeds[0]!)
      const given = b.y!.data as Float32Array
      return (a.y!.data as Float32Array).reduce((sum, one, k) => sum + (one - given[k]!) ** 2, 0)
    }
    expect(await errorOf(after)).toBeLessThan((await errorOf(before)) / 4)
  })
})
