import { GraphBuilder } from '@whyslow/graph/builder/graph-builder.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { DType } from '@whyslow/graph/types.ts'
import { describe, expect, test } from 'vitest'
import type { LayerKind } from './layer.ts'
import { type JsonRecord, LayerConfig } from './layer-config.ts'
import { lookups } from './lookups.ts'

const [words, numbers] = lookups as [LayerKind, LayerKind]

interface Given {
  readonly settings: JsonRecord
  readonly type?: DType
  /** What the archive keeps for the layer. */
  readonly learnt?: string
  readonly dialect?: 'keras-2' | 'keras-3'
}

/** The attributes of the LabelEncoder that one call becomes. */
function written(kind: LayerKind, { settings, type = 'string', learnt, dialect = 'keras-3' }: Given) {
  const builder = new GraphBuilder()
  const x = builder.input('x', type, ['batch', 2])
  const { outputs } = kind.write({
    builder,
    kind,
    dialect,
    className: kind.classNames[0]!,
    name: 'lookup',
    config: new LayerConfig('model.keras', "layer 'lookup'", settings),
    arrays: new Map(learnt === undefined ? [] : [['vocabulary.txt', { dtype: 'string' as const, shape: [1], data: [learnt] }]]),
    children: new Map(),
    inputs: [x],
    masks: [undefined],
    args: [x],
    kwargs: {},
    kwargMasks: {},
  })
  builder.output('y', outputs[0]!)
  const { graph } = builder.build('model').proto
  const { attribute } = graph!.node.find(({ opType }) => opType === 'LabelEncoder')!
  const text = new TextDecoder()
  return Object.fromEntries(
    attribute.map(({ name, strings, ints, i, s }) => [
      name,
      strings.length > 0
        ? strings.map((one) => text.decode(one))
        : ints.length > 0
          ? ints.map(Number)
          : s.length > 0
            ? text.decode(s)
            : Number(i),
    ]),
  )
}

describe('vocabularies', () => {
  test('learnt ones are told without the tokens that every vocabulary has', () => {
    const settings = { mask_token: '', oov_token: '[UNK]', vocabulary_size: 4 }
    const expected = { keys_strings: ['b', 'a', ''], values_int64s: [2, 3, 0], default_int64: 1 }
    expect(written(words, { settings, learnt: '\n[UNK]\nb\na' })).toEqual(expected)
    expect(written(words, { settings, learnt: '\n[UNK]\r\nb\na\n' })).toEqual(expected)
  })

  test('an empty word at the end is one by Keras 2', () => {
    expect(written(words, { settings: {}, learnt: 'b\n', dialect: 'keras-2' }).keys_strings).toEqual(['b', ''])
    expect(written(words, { settings: {}, learnt: 'b\n' }).keys_strings).toEqual(['b'])
  })

  test('numbers may be negative', () => {
    const settings = { oov_token: -1 }
    expect(written(numbers, { settings, learnt: '-1\n7\n-12', type: 'int32' })).toEqual({
      keys_int64s: [7, -12],
      values_int64s: [1, 2],
      default_int64: 0,
    })
  })

  test.each([
    ['none', words, {}, /has no vocabulary in the file; give it one, and save the model as \.keras/],
    ['none, learnt', words, { learnt: '\n' }, /has no vocabulary in the file/],
    [
      'a path',
      words,
      { settings: { vocabulary: '/etc/passwd' } },
      /keeps its vocabulary in another file \(\/etc\/passwd\), which is not read/,
    ],
    ['a word twice', words, { settings: { vocabulary: ['a', 'b', 'a'] } }, /an entry of its vocabulary twice/],
    [
      'the mask among words',
      words,
      { settings: { vocabulary: ['a', 'm'], mask_token: 'm' } },
      /an entry of its vocabulary twice/,
    ],
    [
      'another size',
      words,
      { settings: { vocabulary_size: 4 }, learnt: '[UNK]\na' },
      /has a vocabulary of 3 where its configuration says 4/,
    ],
    ['numbers for words', words, { settings: { vocabulary: [1] } }, /has 1 in its vocabulary, which it cannot look up/],
    ['words for numbers', numbers, { learnt: '5\nfive', type: 'int64' }, /has "five" in its vocabulary/],
    ['beyond 64 bits', numbers, { learnt: '9999999999999999999', type: 'int64' }, /has "9999999999999999999" in its vocabulary/],
    [
      'unsafe in JSON',
      numbers,
      { settings: { vocabulary: [2 ** 60] }, type: 'int64' },
      /in its vocabulary, which it cannot look up/,
    ],
    [
      'numbers as input',
      words,
      { settings: { vocabulary: ['a'] }, type: 'int64' },
      /looks up words and is called with a tensor of int64/,
    ],
    ['words as input', numbers, { settings: { vocabulary: [1] } }, /looks up numbers and is called with a tensor of string/],
    [
      'hashed',
      words,
      { settings: { vocabulary: ['a'], num_oov_indices: 2 } },
      /hashes what it does not know into 2 indices, which ONNX cannot/,
    ],
    [
      'hashed numbers',
      numbers,
      { settings: { vocabulary: [1], num_oov_indices: 2, oov_method: 'farmhash' }, type: 'int64' },
      /hashes what it does not know into 2 indices/,
    ],
    [
      'tf-idf',
      words,
      { settings: { vocabulary: ['a'], output_mode: 'tf_idf' } },
      /how rare they are \(tf_idf\), which is not supported/,
    ],
    [
      'inverted, unknown',
      words,
      { settings: { vocabulary: ['a'], invert: true }, type: 'int64' },
      /has no token for what it does not know/,
    ],
  ] as const)('%s: one line', (_, kind, given: Partial<Given>, message) => {
    const write = () => written(kind, { settings: {}, ...given })
    expect(write).toThrow(InputError)
    expect(write).toThrow(message)
  })
})
