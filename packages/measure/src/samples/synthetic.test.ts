import { float16Value } from '@whyslow/graph/decode.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { relu } from '@whyslow/graph/support/example-relu.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { describe, expect, it } from 'vitest'
import { flagsOf, graphOf, input, node } from '../../test/support/samples/example-graphs.ts'
import type { TensorValue } from '../engines/types.ts'
import { NO_FLAGS } from './flags.ts'
import type { PictureNumbers } from './picture-numbers.ts'
import { resolveInputs } from './resolve.ts'
import { pixelsIn, synthesize, withLikeness } from './synthetic.ts'

const made = (graph: GraphView, flags = NO_FLAGS, count?: number, seed?: number) =>
  synthesize(resolveInputs(graph.inputs, graph, flags).inputs, graph, count, seed)
const numbers = (tensor: TensorValue | undefined) => Array.from(tensor!.data as Float32Array, Number)
const range = (values: readonly number[]) => [Math.min(...values), Math.max(...values)] as const

describe('synthesize', () => {
  it('keeps ids inside their table, fills masks, counts positions', () => {
    const graph = graphOf(
      [
        input('input_ids', 'int64', [1, 200]),
        input('attention_mask', 'int64', [1, 200]),
        input('token_type_ids', 'int64', [1, 200]),
        input('position_ids', 'int32', [1, 200]),
        input('extra', 'int64', [1, 200]),
      ],
      [
        node('Gather', ['words', 'input_ids'], ['a']),
        node('Gather', ['types', 'token_type_ids'], ['b']),
        node('Gather', ['positions', 'position_ids'], ['c']),
      ],
      { words: [50, 8], types: [2, 8], positions: [512, 8] },
    )
    const samples = made(graph)
    const [sample] = samples
    const ids = numbers(sample!.input_ids)
    expect(range(ids)[1]).toBeLessThan(50)
    expect(new Set(ids).size).toBeGreaterThan(20)
    expect(sample!.input_ids!.data).toBeInstanceOf(BigInt64Array)
    // The graph fixes the length: some texts fill it, others are padded with 0, and the mask says where.
    for (const { input_ids, attention_mask } of samples) {
      expect(numbers(attention_mask)).toEqual(numbers(input_ids).map((id) => (id === 0 ? 0 : 1)))
      expect(numbers(input_ids)[0]).toBeGreaterThan(0)
    }
    const lengths = samples.map(({ attention_mask }) => numbers(attention_mask).filter((one) => one === 1).length)
    expect(lengths).toContain(200)
    expect(Math.min(...lengths)).toBeLessThan(150)
    expect(range(numbers(sample!.token_type_ids))).toEqual([0, 0])
    expect(numbers(sample!.position_ids).slice(0, 4)).toEqual([0, 1, 2, 3])
    expect(range(numbers(sample!.extra))).toEqual([1, 1])
  })
  it('draws edges between all nodes of a graph, of which there are many', () => {
    const graph = graphOf([
      input('x', 'float32', ['nodes', 16]),
      input('edge_index', 'int64', [2, 'edges']),
      input('edge_attr', 'float32', ['edges', 4]),
      input('batch', 'int64', ['nodes']),
    ])
    const { inputs } = resolveInputs(graph.inputs, graph, NO_FLAGS)
    expect(inputs.map(({ name, shape }) => `${name} ${shape.join('x')}`)).toEqual([
      'x 64x16',
      'edge_index 2x256',
      'edge_attr 256x4',
      'batch 64',
    ])
    expect(inputs[0]!.assumed).toEqual([{ text: 'axis 0 (nodes) = 64', flag: '--shape x=64x16' }])
    const [sample] = synthesize(inputs, graph)
    const ends = numbers(sample!.edge_index)
    expect(range(ends)).toEqual([0, 63])
    expect(new Set(ends).size).toBeGreaterThan(60)
    expect(range(numbers(sample!.batch))).toEqual([0, 0])
    const [, edges] = withLikeness(inputs, graph)
    expect(edges!.likeness).toEqual({ of: 'noise', range: [0, 63], why: 'Each edge links two of the 64 nodes, all as likely.' })
  })
  it('takes two rows of ids for no edges', () => {
    const graph = graphOf(
      [input('ids', 'int64', [2, 'length']), input('x', 'float32', ['batch', 16])],
      [node('Gather', ['words', 'ids'], ['a'])],
      { words: [50, 8] },
    )
    expect(resolveInputs(graph.inputs, graph, NO_FLAGS).inputs.map(({ shape }) => shape.join('x'))).toEqual(['2x128', '1x16'])
  })
  it('draws smooth images in the range of their type', () => {
    const graph = graphOf([
      input('a', 'float32', [1, 3, 32, 32]),
      input('b', 'uint8', [1, 32, 32, 3]),
      input('c', 'float16', [1, 3, 32, 32]),
    ])
    const [sample] = made(graph, NO_FLAGS, 1)
    const pixels = numbers(sample!.a)
    expect(range(pixels)[0]).toBeGreaterThanOrEqual(0)
    expect(range(pixels)[1]).toBeLessThanOrEqual(1)
    // Neighbours of uniform noise differ by 1/3 on average, of this by far less, and yet not by nothing.
    const steps = pixels.slice(1, 32).map((value, index) => Math.abs(value - pixels[index]!))
    const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length
    expect(mean).toBeGreaterThan(0.001)
    expect(mean).toBeLessThan(0.12)
    expect(range(numbers(sample!.b))[1]).toBeGreaterThan(50)
    expect(range(numbers(sample!.c).map(float16Value))[1]).toBeLessThanOrEqual(1)
  })
  it('makes sound of signals, zeros of states, and a normal table', () => {
    const graph = graphOf([
      input('wave', 'float32', [1, 20000, 1]),
      input('state', 'float32', [2, 1, 8]),
      input('table', 'float32', [100, 40]),
      input('flag', 'bool', [1]),
      input('text', 'string', [1, 2]),
      input('threshold', 'float32', [1]),
    ])
    const [sample] = made(graph, NO_FLAGS, 1)
    const wave = numbers(sample!.wave)
    expect(range(wave)[1]).toBeGreaterThan(0.01)
    expect(range(wave)[1]).toBeLessThanOrEqual(1)
    expect(range(numbers(sample!.state))).toEqual([0, 0])
    const table = numbers(sample!.table)
    const mean = table.reduce((sum, value) => sum + value, 0) / table.length
    const variance = table.reduce((sum, value) => sum + (value - mean) ** 2, 0) / table.length
    // 4000 draws: the mean has deviation 0.016, the variance 0.022; five of them is safe.
    expect(Math.abs(mean)).toBeLessThan(0.08)
    expect(Math.abs(variance - 1)).toBeLessThan(0.11)
    expect(numbers(sample!.flag)).toEqual([1])
    expect((sample!.text!.data as string[]).every((text) => text.includes(' '))).toBe(true)
    expect(numbers(sample!.threshold)).toEqual([0.5])
  })
  it('gives different samples, the same for the same seed, and shares what does not differ', () => {
    const graph = graphOf([input('x', 'float32', [1, 3, 16, 16]), input('mask', 'int64', [1, 4])])
    const samples = made(graph)
    expect(samples).toHaveLength(8)
    expect(new Set(samples.map(({ x }) => numbers(x).join())).size).toBe(8)
    expect(samples[7]!.mask).toBe(samples[0]!.mask)
    expect(made(graph)).toEqual(samples)
    expect(made(graph, NO_FLAGS, 1, 2)[0]).not.toEqual(samples[0])
  })
  it('makes photos in the range that is given, else one that the model tells, and says so', () => {
    const image = relu(1, 3, 32, 32)
    const graph = viewGraph(image)
    const madeOf = (given: PictureNumbers | null) => {
      const inputs = pixelsIn(image, () => given)(resolveInputs(graph.inputs, graph, NO_FLAGS).inputs)
      return { likeness: withLikeness(inputs, graph)[0]!.likeness, values: range(numbers(synthesize(inputs, graph, 2)[0]!.x)) }
    }
    const signed = { scale: 1 / 255, mean: [0.5], std: [0.5], bgr: false, from: 'preprocessor_config.json' }
    expect(madeOf(signed).likeness).toEqual({ of: 'photo', range: [-1, 1], why: 'preprocessor_config.json says so.' })
    expect(madeOf(signed).values[0]).toBeLessThan(-0.5)
    expect(madeOf(null).likeness).toMatchObject({ of: 'photo', range: [0, 1], why: expect.stringContaining('assumed') })
    expect(madeOf(null).values[0]).toBeGreaterThanOrEqual(0)
    const broken = () => {
      throw new InputError('preprocessor_config.json: cannot be read')
    }
    const [given] = pixelsIn(image, broken)(resolveInputs(graph.inputs, graph, NO_FLAGS).inputs)
    expect(given!.pixels?.why).toContain('assumed')
  })
  it('holds no photos of spectrograms and latents', () => {
    const inputs = [input('cepstra', 'float32', [1, 49, 10, 1]), input('latent_sample', 'float32', [1, 4, 64, 64])]
    const graph = graphOf(inputs)
    const likeness = withLikeness(resolveInputs(graph.inputs, graph, NO_FLAGS).inputs, graph).map((one) => one.likeness?.of)
    expect(likeness).toEqual(['speech', 'noise'])
  })
  it('leaves something visible where a mask hides what is true', () => {
    const fillOf = (name: string, nodes: GraphView['nodes'], dtype: 'bool' | 'int64' = 'bool') => {
      const hidden = { low: { shape: [], values: [Number.NEGATIVE_INFINITY] }, zero: { shape: [], values: [0] } }
      const [sample] = made(graphOf([input(name, dtype, [1, 4])], nodes, hidden), NO_FLAGS, 1)
      return Number((sample![name]!.data as Uint8Array)[0])
    }
    expect(fillOf('mask', [node('Where', ['mask', 'low', 'scores'], ['y'])])).toBe(0)
    expect(fillOf('mask', [node('Where', ['mask', 'scores', 'low'], ['y'])])).toBe(1)
    expect(fillOf('mask', [node('Not', ['mask'], ['keep']), node('Where', ['keep', 'scores', 'low'], ['y'])])).toBe(0)
    expect(fillOf('mask', [node('Cast', ['mask'], ['m']), node('Where', ['m', 'low', 'scores'], ['y'])], 'int64')).toBe(0)
    expect(fillOf('mask', [node('Where', ['mask', 'zero', 'scores'], ['y'])])).toBe(1)
    expect(fillOf('src_key_padding_mask', [])).toBe(0)
  })
  it('takes the state of an agent for what it observes, and zeros for a memory', () => {
    const of = (inputs: Parameters<typeof graphOf>[0], outputs: GraphView['outputs']) => {
      const graph = { ...graphOf(inputs), outputs }
      return range(numbers(made(graph, NO_FLAGS, 1)[0]!.state))
    }
    const state = input('state', 'float32', [1, 8])
    expect(of([state], [input('action', 'float32', [1, 2])])).not.toEqual([0, 0])
    expect(of([state, input('action', 'float32', [1, 2])], [input('value', 'float32', [1, 1])])).not.toEqual([0, 0])
    expect(of([state, input('x', 'float32', [1, 2])], [input('y', 'float32', [1, 2]), input('next', 'float32', [1, 8])])).toEqual(
      [0, 0],
    )
  })
  it('takes the past of a forecast for a series', () => {
    const inputs = [input('past_values', 'float32', [1, 96, 7]), input('past_time_features', 'float32', [1, 96, 4])]
    const graph = { ...graphOf(inputs), outputs: [input('forecast', 'float32', [1, 24, 7])] }
    const likeness = withLikeness(resolveInputs(graph.inputs, graph, NO_FLAGS).inputs, graph).map((one) => one.likeness?.of)
    expect(likeness).toEqual(['series', 'series'])
  })
  it('holds photos of images without a batch, and none of points over time', () => {
    const kinds = [
      [3, 96, 128],
      [96, 128, 3],
      [300, 17, 3],
      [64, 1024, 3],
      [1, 96, 128],
    ].map((shape) => {
      const graph = graphOf([input('x', 'float32', shape)])
      return withLikeness(resolveInputs(graph.inputs, graph, NO_FLAGS).inputs, graph)[0]!.likeness?.of
    })
    expect(kinds.map((kind) => kind === 'photo')).toEqual([true, true, false, false, false])
  })
  it('takes given values, one for all or each', () => {
    const graph = graphOf([input('sr', 'int64', []), input('x', 'float16', [1, 2])])
    const [sample] = made(graph, flagsOf({ value: ['sr=16000', 'x=1.5,-2'] }), 1)
    expect(sample!.sr).toEqual({ dtype: 'int64', shape: [], data: BigInt64Array.of(16000n) })
    expect(numbers(sample!.x).map(float16Value)).toEqual([1.5, -2])
    const small = graphOf([input('k', 'int8', [])])
    expect(() => made(small, flagsOf({ value: ['k=300'] }))).toThrow(/--value k: 300 does not fit int8/)
  })
})
