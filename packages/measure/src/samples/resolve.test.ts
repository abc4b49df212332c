import { InputError } from '@whyslow/graph/input-error.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { describe, expect, it } from 'vitest'
import { flagsOf, graphOf, input, node } from '../../test/support/samples/example-graphs.ts'
import { NO_FLAGS } from './flags.ts'
import { resolveInputs } from './resolve.ts'

const shapesOf = (graph: GraphView, flags = NO_FLAGS) =>
  Object.fromEntries(resolveInputs(graph.inputs, graph, flags).inputs.map(({ name, shape }) => [name, shape.join('x')]))

const image = graphOf([input('x', 'float32', ['n', null, 'h', 'w'])], [node('Conv', ['x', 'w'], ['y'])], { w: [8, 1, 3, 3] })
const ids = [input('input_ids', 'int64', ['batch', 'seq']), input('attention_mask', 'int64', ['batch', 'seq'])]

describe('resolveInputs', () => {
  it('takes channels from the first Conv and states each guess with its flag', () => {
    const [x] = resolveInputs(image.inputs, image, NO_FLAGS).inputs
    expect(x!.shape).toEqual([1, 1, 224, 224])
    expect(x!.assumed).toEqual([
      { text: 'axis 0 (batch) = 1', flag: '--batch' },
      { text: 'axis 2 (height) = 224', flag: '--shape x=1x1x224x224' },
      { text: 'axis 3 (width) = 224', flag: '--shape x=1x1x224x224' },
    ])
    expect(x!.freeAxes.map(({ meaning, from }) => `${meaning} ${from}`)).toEqual([
      'batch guess',
      'channels model',
      'height guess',
      'width guess',
    ])
  })
  it('multiplies the channels of a grouped Conv, through a transposition and a dequantized weight', () => {
    const graph = graphOf(
      [input('x', 'float32', [1, null, null, null])],
      [
        node('Transpose', ['x'], ['t'], { perm: [0, 3, 1, 2] }),
        node('DequantizeLinear', ['q'], ['w']),
        node('Conv', ['t', 'w'], ['y'], { group: 2 }),
      ],
      { q: [8, 2, 3, 3] },
    )
    expect(shapesOf(graph)).toEqual({ x: '1x224x224x4' })
  })
  it('gives one symbol one size in all inputs, and no longer than the table of positions', () => {
    const graph = graphOf(
      ids,
      [
        node('Gather', ['words', 'input_ids'], ['e']),
        node('Slice', ['positions'], ['p']),
        node('Add', ['e', 'p'], ['s']),
        node('MatMul', ['s', 'square'], ['y']),
      ],
      { words: [5000, 32], positions: [1, 64, 32], square: [32, 32] },
    )
    expect(shapesOf(graph)).toEqual({ input_ids: '1x64', attention_mask: '1x64' })
    expect(shapesOf(graph, flagsOf({ shape: ['input_ids=2x16'] }))).toEqual({ input_ids: '2x16', attention_mask: '2x16' })
    expect(shapesOf(graph, flagsOf({ batch: 4 }))).toEqual({ input_ids: '4x64', attention_mask: '4x64' })
  })
  it('follows an input into a branch, and tells a signal from features', () => {
    const body = graphOf([], [node('Unsqueeze', ['audio', 'axes'], ['u']), node('Conv', ['u', 'w'], ['y'])], {
      axes: { shape: [1], values: [1] },
      w: [8, 1, 400],
    })
    const declared = [input('audio', 'float32', [null, null]), input('state', 'float32', [2, null, 128])]
    const graph = graphOf(declared, [node('If', ['c'], ['z'], {}, { then_branch: body })])
    expect(shapesOf(graph)).toEqual({ audio: '1x16000', state: '2x1x128' })
    // The batch goes to the state too, though no symbol joins them.
    expect(shapesOf(graph, flagsOf({ shape: ['audio=3x512'] }))).toEqual({ audio: '3x512', state: '2x3x128' })
  })
  it('reads recurrent sizes, Gemm columns and sums of symbols', () => {
    const declared = [
      input('x', 'float32', ['t', 'b', null]),
      input('h', 'float32', [null, 'b', null]),
      input('f', 'float32', [null, null]),
    ]
    const nodes = [node('LSTM', ['x', 'w', 'r', '', '', 'h'], ['y']), node('Gemm', ['f', 'g'], ['z'], { transB: 1 })]
    // W is [directions, 4*hidden, input], R [directions, 4*hidden, hidden]; Gemm's B is [N, K] with transB.
    const graph = graphOf(declared, nodes, { w: [2, 32, 10], r: [2, 32, 8], g: [5, 13] })
    expect(shapesOf(graph)).toEqual({ x: '128x1x10', h: '2x1x8', f: '1x13' })
    const cache = graphOf([
      input('input_ids', 'int64', ['batch', 'sequence']),
      input('attention_mask', 'int64', ['batch', 'past_sequence + sequence']),
      input('past_key_values.0.key', 'float32', ['batch', 4, 'past_sequence', 64]),
    ])
    expect(shapesOf(cache)).toEqual({ input_ids: '1x1', attention_mask: '1x129', 'past_key_values.0.key': '1x4x128x64' })
  })
  it('takes NHWC, images without a batch, and unknown ranks', () => {
    const declared = [
      input('a', 'uint8', [null, null, null, 3]),
      input('b', 'float32', [3, 'height', 'width']),
      input('c', 'float32', null),
    ]
    const graph = graphOf(declared, [node('Conv', ['c', 'w'], ['y'])], { w: [8, 3, 3, 3] })
    expect(shapesOf(graph)).toMatchObject({ a: '1x224x224x3', b: '3x224x224' })
    expect(resolveInputs(declared, graph, NO_FLAGS).inputs[2]).toMatchObject({ rankIsFree: true, shape: { length: 4 } })
    expect(shapesOf(graph, flagsOf({ shape: ['c=5'] }))).toMatchObject({ c: '5' })
  })
  it('lets a list of values set the open axis', () => {
    const graph = graphOf(ids)
    const { inputs } = resolveInputs(ids, graph, flagsOf({ value: ['input_ids=101,7,102'] }))
    expect(inputs.map(({ shape }) => shape)).toEqual([
      [1, 3],
      [1, 3],
    ])
    expect(inputs[0]!.values).toEqual([101n, 7n, 102n])
  })

  const many = graphOf(Array.from({ length: 7 }, (_, index) => input(`in${index}`, 'float32', [1, 4])))
  const refusals: readonly [string, GraphView, Parameters<typeof flagsOf>[0], RegExp][] = [
    ['an unknown name', many, { shape: ['y=1x4'] }, /no input 'y'; its inputs: in0 float32 \[1,4\], .*in4 .* and 2 more$/],
    ['an unknown name of a value', image, { value: ['y=1'] }, /--value: the model has no input 'y'/],
    ['a rank', image, { shape: ['x=1x224'] }, /has 2 axes, the model's input has 4: x float32 \[n,\?,h,w\]$/],
    ['a fixed size', many, { shape: ['in1=1x5'] }, /axis 1 is fixed at 4 by the model/],
    ['a value of another type', graphOf(ids), { value: ['input_ids=cat'] }, /'cat' is not an int64$/],
    ['a batch that is fixed', many, { batch: 2 }, /no free batch axis/],
    ['two batches', graphOf(ids), { batch: 2, shape: ['input_ids=3x8'] }, /disagree/],
    ['two sizes of one symbol', graphOf(ids), { shape: ['input_ids=1x8', 'attention_mask=1x9'] }, /'seq' is 8 .* and 9/],
    ['too many elements', graphOf([input('x', 'float32', [1000000, 1000000])]), {}, /1.00e\+12 elements, more than 2\^31/],
    ['too many bytes', image, { shape: ['x=1x1x1000x1000'], limitBytes: 1e6 }, /4\.00 MB, above the 1\.00 MB/],
    ['a sequence', graphOf([{ name: 's', kind: 'sequence', dtype: null, shape: null }]), {}, /input 's' is a sequence/],
  ]
  it.each(refusals)('refuses %s in one line', (_, graph, flags, message) => {
    const resolve = () => resolveInputs(graph.inputs, graph, flagsOf(flags))
    expect(resolve).toThrow(InputError)
    expect(resolve).toThrow(message)
    expect(resolve).not.toThrow(/\n/)
  })
})
