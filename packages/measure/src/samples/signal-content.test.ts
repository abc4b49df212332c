import { float16Value } from '@whyslow/graph/decode.ts'
import type { GraphView, ValueDeclaration } from '@whyslow/graph/types.ts'
import { describe, expect, it } from 'vitest'
import { graphOf, input, node } from '../../test/support/samples/example-graphs.ts'
import { type Content, contentsOf } from './content.ts'
import { NO_FLAGS } from './flags.ts'
import type { KnownValues } from './known.ts'
import { resolveInputs } from './resolve.ts'
import { synthesize } from './synthetic.ts'

const resolved = (graph: GraphView, known: Readonly<Record<string, KnownValues>> = {}) =>
  resolveInputs(graph.inputs, graph, { ...NO_FLAGS, known: () => new Map(Object.entries(known)) }).inputs
const contentOf = (shape: readonly number[], { name = 'x', title = 'model' }: { name?: string; title?: string } = {}): Content =>
  contentsOf(
    resolved(graphOf([input(name, 'float32', shape)]), { [name]: { title } }),
    graphOf([input(name, 'float32', shape)]),
  )[0]!
const summary = (content: Content) => [
  content.kind,
  content.likeness?.of,
  ...(content.kind === 'sound'
    ? [content.rate]
    : content.kind === 'spectrum'
      ? [content.spectrum, content.frames, content.bins]
      : []),
]
const moments = (values: readonly number[]) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)] as const
}

describe('contentsOf', () => {
  it.each([
    [[1, 16000], {}, ['sound', 'speech', 16000]],
    // Two seconds at 22.05 kHz, but for some samples.
    [[1, 43844, 1], {}, ['sound', 'music', 22050]],
    [[1, 2, 441000], {}, ['sound', 'music', 22050]],
    [[1, 30000], { title: 'voice_48k' }, ['sound', 'speech', 48000]],
    [[1, 480], { name: 'audio_frame' }, ['sound', 'speech', 16000]],
    [[1, 512], {}, ['normal', 'noise']],
    // Who speaks is no frame of sound.
    [[1, 256], { title: 'voicefilter', name: 'frame' }, ['sound', 'speech', 16000]],
    [[1, 256], { title: 'voicefilter', name: 'dvec' }, ['normal', 'noise']],
    [[1, 512], { title: 'voice', name: 'speaker_embedding' }, ['normal', 'noise']],
    [[1, 512], { title: 'speech_wav2vec', name: 'x' }, ['sound', 'speech', 16000]],
    [[1, 1, 257], {}, ['spectrum', 'speech', 'magnitude', null, 2]],
    [[1, 100, 257], {}, ['spectrum', 'speech', 'magnitude', 1, 2]],
    [[1, 49, 10, 1], {}, ['spectrum', 'speech', 'mfcc', 1, 2]],
    [[1, 1, 40, 101], {}, ['spectrum', 'speech', 'log-mel', 3, 2]],
    [[1, 80, 3000], {}, ['spectrum', 'speech', 'log-mel', 2, 1]],
    [[1, 1, 96, 64], { name: 'mel_spectrogram' }, ['spectrum', 'speech', 'log-mel', 2, 3]],
    [[1, 76, 32, 1], {}, ['spectrum', 'speech', 'log-mel', 1, 2]],
    [[1, 1960], {}, ['spectrum', 'speech', 'log-mel', null, 1]],
    [[1, 30, 7], {}, ['series', 'series']],
    [[1, 197, 768], {}, ['series', 'series']],
    [[1, 3, 224, 224], {}, ['image', 'noise']],
    [[1, 1, 32, 100], {}, ['image', 'noise']],
    [[1, 1, 64, 256], {}, ['image', 'noise']],
    // Words of sound inside others are none of sound.
    [[1, 20, 64], { title: 'camel systems invoices' }, ['series', 'series']],
    [[1, 20, 64], { title: 'logMel' }, ['spectrum', 'speech', 'log-mel', 1, 2]],
  ] as const)('%j %j', (shape, names, expected) => {
    const found = contentOf(shape, names)
    // A photo in the place of smooth noise is as right.
    expect(summary(found)).toEqual(found.kind === 'image' ? ['image', found.likeness?.of] : expected)
    expect(found.kind === 'image').toBe(expected[0] === 'image')
    expect(found.likeness?.why ?? '').not.toBe('')
  })
  it('a second input that comes back as an output is a memory: zeros', () => {
    const graph = {
      ...graphOf([input('x', 'float32', [1, 1, 512]), input('m', 'float32', [1, 2, 128])]),
      outputs: [input('y', 'float32', [1, 1, 512]), input('n', 'float32', [null, 2, 128])],
    }
    const [frame, memory] = contentsOf(resolved(graph), graph)
    expect(memory).toMatchObject({ kind: 'fill', value: 0 })
    // And a frame that comes back as a frame is sound.
    expect(frame!.kind).toBe('sound')
  })
  it('a second image or series is no memory, though an output has its layout', () => {
    const second = (shape: ValueDeclaration['shape'], output: ValueDeclaration['shape']) => {
      const graph = {
        ...graphOf([input('a', 'float32', shape), input('b', 'float32', shape)]),
        outputs: [input('y', 'float32', [1]), input('z', 'float32', output)],
      }
      return contentsOf(resolved(graph), graph)[1]!.kind
    }
    const image = ['n', 3, 'h', 'w']
    expect(second(image, image)).toBe('image')
    expect(second(['n', 'steps', 64], ['n', 'classes', 64])).toBe('series')
    expect(second(['n', null, 64], ['n', null, 64])).toBe('series')
    expect(second(['n', 'steps', 64], ['m', 'steps', 64])).toBe('fill')
  })
})

it('the stored scale is asked for once nothing else says what an input carries', () => {
  const graph = graphOf([
    input('past_key', 'float32', [1, 2, 8, 4]),
    input('attention_mask', 'float32', [1, 8]),
    input('image', 'float32', [1, 3, 32, 32]),
    input('ids', 'int64', [1, 8]),
    input('row', 'float32', [1, 8]),
  ])
  const asked: string[] = []
  const known = graph.inputs.map(({ name }) => [name, { scale: () => void asked.push(name) }] as const)
  contentsOf(resolved(graph, Object.fromEntries(known)), graph)
  expect(asked).toEqual(['row'])
})

describe('synthesize', () => {
  it('has the moments that a normalization stores, bin by bin', () => {
    const graph = graphOf([input('mel', 'float32', [1, 100, 40])])
    const mean = Float64Array.from({ length: 40 }, (_, bin) => bin - 20)
    const deviation = Float64Array.from({ length: 40 }, (_, bin) => 1 + bin / 10)
    const scale = { mean, deviation, from: 'batch normalization' } as const
    const inputs = resolved(graph, { mel: { scale: () => scale } })
    expect(contentsOf(inputs, graph)[0]!.likeness).toMatchObject({
      of: 'speech',
      range: [-23, 33.7],
      why: expect.stringContaining('batch normalization'),
    })
    const samples = synthesize(inputs, graph)
    for (const bin of [0, 20, 39]) {
      const values = samples.flatMap(({ mel }) =>
        Array.from({ length: 100 }, (_, frame) => Number((mel!.data as Float32Array)[frame * 40 + bin])),
      )
      const [middle, spread] = moments(values)
      // Samples are parts of what was fit.
      expect(Math.abs(middle - mean[bin]!)).toBeLessThan(deviation[bin]!)
      expect(spread / deviation[bin]!).toBeGreaterThan(0.5)
      expect(spread / deviation[bin]!).toBeLessThan(1.5)
    }
  })
  it('the range of a standardization of every element of a long input is found', () => {
    const graph = graphOf([input('x', 'float32', [1, 300_000])])
    const mean = new Float64Array(300_000).fill(5)
    mean[7] = -1000
    const scale = { mean, deviation: Float64Array.of(2), from: 'standardization' } as const
    expect(contentsOf(resolved(graph, { x: { scale: () => scale } }), graph)[0]!.likeness?.range).toEqual([-1006, 11])
  })
  it('bands first are normalized, as encoders of speech take them', () => {
    const graph = graphOf([input('input_features', 'float32', [1, 80, 300])])
    const values = synthesize(resolved(graph), graph).flatMap(({ input_features }) =>
      Array.from(input_features!.data as Float32Array),
    )
    const [mean, deviation] = moments(values)
    expect(Math.abs(mean)).toBeLessThan(0.3)
    expect(Math.abs(deviation - 0.7)).toBeLessThan(0.2)
  })
  it.each([[[1, 80, 3000]], [[1, 160000]]])('samples of %j differ, though each is longer than what is recorded', (shape) => {
    const graph = graphOf([input('x', 'float32', shape)])
    const samples = synthesize(resolved(graph), graph, 3)
    const starts = samples.map(({ x }) => (x!.data as Float32Array).slice(0, 100).join())
    expect(new Set(starts).size).toBe(3)
  })
  it('a mean that float16 cannot hold becomes the largest that it can', () => {
    const graph = graphOf([input('x', 'float16', [1, 2])])
    const scale = { mean: Float64Array.of(1e6, -1e6), deviation: Float64Array.of(1), from: 'standardization' } as const
    const [sample] = synthesize(resolved(graph, { x: { scale: () => scale } }), graph, 1)
    expect(Array.from(sample!.x!.data as Uint16Array, float16Value)).toEqual([65504, -65504])
  })
  it('series remember their last value', () => {
    const graph = graphOf([input('x', 'float32', [1, 200, 5])])
    const [sample] = synthesize(resolved(graph), graph, 1)
    const values = Array.from({ length: 200 }, (_, step) => Number((sample!.x!.data as Float32Array)[step * 5]))
    const [mean, deviation] = moments(values)
    const after = values.slice(1).reduce((sum, value, k) => sum + (value - mean) * (values[k]! - mean), 0) / 199 / deviation ** 2
    expect(after).toBeGreaterThan(0.8)
  })
  it('fills the range of int8 whose quantization is another than usual, and leaves what fits', () => {
    const made = (scale: number, zero: number, shape = [1, 1960]) => {
      const graph = graphOf([input('x', 'int8', shape)], [node('DequantizeLinear', ['x', 's', 'z'], ['y'])], {
        s: { shape: [], values: [scale] },
        z: { shape: [], values: [zero] },
      })
      const inputs = resolved(graph)
      const values = synthesize(inputs, graph).flatMap(({ x }) => Array.from(x!.data as Int8Array))
      return { likeness: contentsOf(inputs, graph)[0]!.likeness, low: Math.min(...values), high: Math.max(...values), values }
    }
    // 0 … 26, as the features of microphones are: logarithms are moved there.
    const moved = made(0.1017, -128)
    expect(moved.likeness).toMatchObject({ of: 'speech', range: [0, expect.closeTo(25.9, 1)] })
    expect([moved.low, moved.high]).toEqual([-128, 127])
    expect(moments(moved.values)[1]).toBeGreaterThan(20)
    // -15 … 15: they fit.
    expect(made(0.12, 0).low).toBeGreaterThan(-128)
    // Of other numbers the range holds nearly all: most are in its middle.
    const others = made(10, 20, [1, 640])
    expect(others.likeness?.range).toEqual([-1480, 1070])
    expect(others.values.filter((value) => Math.abs(value) < 43).length / others.values.length).toBeCloseTo(0.68, 1)
  })
  it('floats that the first node quantizes fill its range', () => {
    const graph = graphOf([input('x', 'float32', [1, 640])], [node('QuantizeLinear', ['x', 's', 'z'], ['y'])], {
      s: { shape: [], values: [2] },
      z: { shape: [], values: [28] },
    })
    expect(contentsOf(resolved(graph), graph)[0]!.likeness).toMatchObject({ of: 'rows', range: [-312, 198] })
    const [sample] = synthesize(resolved(graph), graph, 1)
    expect(moments(Array.from(sample!.x!.data as Float32Array))[1]).toBeGreaterThan(50)
  })
  it('rows come from what the model knows, whichever input holds a column', () => {
    const graph = graphOf([input('a', 'float32', [1, 2]), input('b', 'int64', [1, 1])])
    const column = (at: number) =>
      ({ kind: 'splits', points: Float64Array.of(at, at + 1), whole: 'round', missingShare: 0 }) as const
    const rows = { columns: [column(10), column(20), column(500)], from: 'the split points of its trees' }
    const known = { a: { rows, firstColumn: 0, columnCount: 2 }, b: { rows, firstColumn: 2, columnCount: 1 } }
    const inputs = resolved(graph, known)
    expect(contentsOf(inputs, graph).map(({ likeness }) => likeness?.of)).toEqual(['rows', 'rows'])
    for (const { a, b } of synthesize(inputs, graph)) {
      const [first, second] = a!.data as Float32Array
      expect(Math.abs(first! - 10.5)).toBeLessThan(3)
      expect(Math.abs(second! - 20.5)).toBeLessThan(3)
      expect(Math.abs(Number((b!.data as BigInt64Array)[0]) - 500.5)).toBeLessThan(3)
    }
  })
})

describe('an axis that passes in time is no side of an image', () => {
  const of = (rows: string) => contentsOf(resolved(graphOf([input('x', 'float32', ['n', 3, rows, 160])])), graphOf([]))[0]!
  it.each([
    ['frames', 'image', false],
    ['time', 'image', false],
    ['height', 'image', true],
    ['d2', 'image', true],
  ])('%s', (rows, kind, expected) => expect(of(rows).kind === kind).toBe(expected))
})
