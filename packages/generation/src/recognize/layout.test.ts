import type { Dimension, DType, ValueDeclaration } from '@whyslow/graph/types.ts'
import { describe, expect, it } from 'vitest'
import { decoderLayout } from './layout.ts'

const value = (name: string, dtype: DType, shape: readonly Dimension[] | null): ValueDeclaration => ({
  name,
  kind: 'tensor',
  dtype,
  shape,
})
const IDS = value('input_ids', 'int64', ['batch', 'sequence'])
const MASK = value('attention_mask', 'int64', ['batch', 'total'])
const LOGITS = value('logits', 'float32', ['batch', 'sequence', 100])
const PAST = ['batch_size', 3, 'past_sequence_length', 64]
const TOTAL = ['batch_size', 3, 'total_sequence_length', 64]

/** Names of past and present of a cache, and what its axes are; all of layer 0. */
const CACHES: readonly (readonly [string, readonly [string, string], readonly Dimension[], readonly Dimension[], object])[] = [
  ['optimum', ['past_key_values.0.key', 'present.0.key'], PAST, TOTAL, { batch: 0, heads: 1, length: 2, headSize: 3 }],
  ['genai', ['past_key_values.0.value', 'present.0.value'], PAST, TOTAL, { batch: 0, heads: 1, length: 2, headSize: 3 }],
  [
    'GPT-2',
    ['past_0', 'present_0'],
    [2, 'batch', 4, 'past', 8],
    [2, 'batch', 4, 'total', 8],
    { batch: 1, heads: 2, length: 3, headSize: 4 },
  ],
  [
    'ORT encoder-decoders',
    ['past_key_self_0', 'present_key_self_0'],
    PAST,
    TOTAL,
    { batch: 0, heads: 1, length: 2, headSize: 3 },
  ],
  ['names turned', ['past_key_0', 'present_key_0'], PAST, TOTAL, { batch: 0, heads: 1, length: 2, headSize: 3 }],
  [
    'static',
    ['key_cache.0', 'updated_key_cache.0'],
    [1, 3, 256, 64],
    [1, 3, 256, 64],
    { batch: 0, heads: 1, length: 2, headSize: 3 },
  ],
  [
    'length before heads',
    ['past_0_key', 'present_0_key'],
    ['b', 'past_len', 3, 64],
    ['b', 'total_len', 3, 64],
    { batch: 0, heads: 2, length: 1, headSize: 3 },
  ],
  [
    'keys turned',
    ['past_key_values.0.key', 'present.0.key'],
    ['batch', 4, 8, 'past'],
    ['batch', 4, 8, 'total'],
    { batch: 0, heads: 1, length: 3, headSize: 2 },
  ],
  [
    'one head for all',
    ['past_key_values.0.key_value', 'present.0.key_value'],
    ['batch', 'past', 16],
    ['batch', 'total', 16],
    { batch: 0, heads: null, length: 1, headSize: 2 },
  ],
  [
    'all layers in one',
    ['past_key_values', 'present_key_values'],
    [4, 'batch', 4, 'past', 8],
    [4, 'batch', 4, 'total', 8],
    { batch: 1, heads: 2, length: 3, headSize: 4 },
  ],
]

describe('decoderLayout', () => {
  it.each(CACHES)('%s', (_, [past, present], pastShape, presentShape, axes) => {
    const layout = decoderLayout(
      [IDS, MASK, value(past, 'float32', pastShape)],
      [LOGITS, value(present, 'float32', presentShape)],
    )!
    expect(layout.problem).toBeNull()
    expect(layout.cache).toEqual([
      { past, present, role: 'self', layer: past === 'past_key_values' ? null : 0, dtype: 'float32', shape: pastShape, axes },
    ])
  })

  it('states of one size stay, as in LFM2', () => {
    const layout = decoderLayout(
      [IDS, MASK, value('past_conv.0', 'float32', ['batch', 64, 3]), value('past_key_values.1.key', 'float32', PAST)],
      [LOGITS, value('present_conv.0', 'float32', ['batch', 64, 3]), value('present.1.key', 'float32', TOTAL)],
    )!
    expect(layout.cache.map(({ past, role, layer }) => [past, role, layer])).toEqual([
      ['past_conv.0', 'state', 0],
      ['past_key_values.1.key', 'self', 1],
    ])
  })

  it('keys of an encoder are no part of what a token adds, with an output or without', () => {
    const shape = ['batch', 4, 'encoder_sequence_length', 8]
    const layout = decoderLayout(
      [
        IDS,
        value('encoder_hidden_states', 'float32', ['batch', 'encoder', 32]),
        value('past_key_values.0.decoder.key', 'float32', PAST),
        value('past_key_values.0.encoder.key', 'float32', shape),
        value('past_key_cross_1', 'float32', shape),
        value('use_cache_branch', 'bool', [1]),
      ],
      [LOGITS, value('present.0.decoder.key', 'float32', TOTAL), value('present.0.encoder.key', 'float32', shape)],
    )!
    expect(layout.cache.map(({ role, present }) => [role, present])).toEqual([
      ['self', 'present.0.decoder.key'],
      ['cross', 'present.0.encoder.key'],
      ['cross', null],
    ])
    expect(layout.inputs.encoderStates?.name).toBe('encoder_hidden_states')
    expect(layout.problem).toBeNull()
  })

  it('tells which logits are returned', () => {
    const positions = (inputs: ValueDeclaration[], shape: readonly Dimension[]) =>
      decoderLayout([IDS, ...inputs], [value('logits', 'float32', shape)])!.positions
    expect(positions([], ['b', 's', 9])).toBe('all')
    expect(positions([], ['b', 1, 9])).toBe('last')
    expect(positions([], ['b', 9])).toBe('last')
    expect(positions([value('num_logits_to_keep', 'int64', [])], ['b', 's', 9])).toBe('chosen')
  })

  it('sizes of a configuration fill what is not declared of keys in full, not of packed ones', () => {
    const open = ['batch', 'heads', 'past', 'kv_cache_dim']
    const shapeOf = (dtype: DType, past: readonly Dimension[]) =>
      decoderLayout(
        [IDS, value('past_key_values.0.key', dtype, past)],
        [LOGITS, value('present.0.key', dtype, past.with(2, 'total'))],
        { sizes: { kvHeads: 3, headSize: 64, ring: null } },
      )!.cache[0]!.shape
    expect(shapeOf('float32', open)).toEqual(['batch', 3, 'past', 64])
    expect(shapeOf('float32', ['batch', 2, 'past', 32])).toEqual(['batch', 2, 'past', 32])
    expect(shapeOf('uint8', open)).toEqual(open)
  })

  it('the ring of a layer that attends to a window is a state of one size', () => {
    const layoutOf = (past: string, ring: number | null) =>
      decoderLayout(
        [IDS, value('past_key_values.0.key', 'float32', ['batch', 3, past, 64])],
        [LOGITS, value('present.0.key', 'float32', ['batch', 3, past.replace('past', 'total'), 64])],
        { sizes: { kvHeads: null, headSize: null, ring } },
      )!
    const entryOf = (past: string, ring: number | null) => layoutOf(past, ring).cache[0]!
    expect(entryOf('past_sliding_length', 32)).toMatchObject({
      role: 'state',
      shape: ['batch', 3, 32, 64],
      axes: { length: null },
    })
    // Of another layer, and of a window that no configuration says.
    expect(entryOf('past_sequence_length', 32)).toMatchObject({ role: 'self', axes: { length: 2 } })
    expect(layoutOf('past_sliding_length', 32).problem).toBeNull()
    expect(layoutOf('past_sliding_length', null).problem).toMatch(
      /^past_key_values\.0\.key holds the last tokens alone, and no genai_config\.json says how many; give the folder/,
    )
  })

  it('buffers of one size are the context', () => {
    const cache = [value('past_key_values.0.key', 'float16', ['batch', 3, 256, 64])]
    const layout = decoderLayout([IDS, ...cache], [LOGITS, value('present.0.key', 'float16', ['batch', 3, 256, 64])])!
    expect(layout.capacity).toBe(256)
  })

  it.each([
    [
      'a cache with no output of its name',
      [value('cache_a.0', 'float32', PAST)],
      [value('present.0.key', 'float32', TOTAL)],
      /^the cache layout is not known: input cache_a\.0 \(float32 \[batch_size, 3, past_sequence_length, 64\]\), and outputs such as present\.0\.key; export it with optimum/,
    ],
    [
      'sizes that nobody declares',
      [value('past_key_values.0.key', 'float32', null)],
      [value('present.0.key', 'float32', null)],
      /^the cache layout is not known: input past_key_values\.0\.key \(float32\), and/,
    ],
    [
      'an input of no role',
      [value('beam_idx', 'int32', ['batch'])],
      [],
      /^it is not known what to feed to input beam_idx \(int32 \[batch\]\)/,
    ],
    [
      'keys of an encoder that nobody gives',
      [value('past_key_values.0.encoder.key', 'float32', ['batch', 4, 'encoder_sequence_length', 8])],
      [],
      /^input past_key_values\.0\.encoder\.key holds keys or values of an encoder .*; give decoder_model_merged\.onnx or/,
    ],
    [
      'batch and heads in one axis',
      [value('past_key_values.0.key', 'float32', ['batch_size x num_heads', 64, 'past'])],
      [value('present.0.key', 'float32', ['batch_size x num_heads', 64, 'total'])],
      /^input past_key_values\.0\.key \(float32 \[batch_size x num_heads, 64, past\]\) has batch and heads in one axis, .*; export it again/,
    ],
    [
      'a mask of each pair',
      [value('attention_mask', 'float32', [1, 1, 's', 't'])],
      [],
      /^input attention_mask .* is not a mask of \[batch, length\]/,
    ],
  ] as const)('one line: %s', (_, inputs, outputs, message) => {
    const { problem } = decoderLayout([IDS, ...inputs], [LOGITS, ...outputs])!
    expect(problem).toMatch(message)
    expect(problem).not.toContain('\n')
  })

  it('one line: embeddings instead of ids', () => {
    const layout = decoderLayout([value('inputs_embeds', 'float32', ['b', 's', 64])], [LOGITS])!
    expect(layout.problem).toMatch(/^it is fed embeddings \(inputs_embeds\)/)
  })

  it('no to others: images, states of sound, hidden states', () => {
    const image = value('pixel_values', 'float32', [1, 3, 224, 224])
    expect(decoderLayout([image], [value('logits', 'float32', [1, 1000])])).toBeNull()
    const sound = [value('input', 'float32', ['b', 512]), value('state', 'float32', [2, 'b', 128]), value('sr', 'int64', [])]
    expect(decoderLayout(sound, [value('output', 'float32', ['b', 1]), value('stateN', 'float32', [2, 'b', 128])])).toBeNull()
    expect(decoderLayout([IDS, MASK], [value('last_hidden_state', 'float32', ['b', 's', 384])])).toBeNull()
  })
})
