import type { ValueDeclaration } from '@whyslow/graph/types.ts'
import { describe, expect, it } from 'vitest'
import { decoderLayout, encoderInputs } from '../../recognize/layout.ts'
import { decoderFeeds, encoderOf } from './encoder.ts'

const value = (name: string, dtype: 'int64' | 'float32', shape: ValueDeclaration['shape']): ValueDeclaration => ({
  ...{ name, kind: 'tensor', dtype, shape },
})
const IDS = value('input_ids', 'int64', ['b', 's'])
/** A decoder that is fed the encoder's keys, and does not compute them. */
const layout = decoderLayout(
  [
    IDS,
    value('encoder_hidden_states', 'float32', ['b', 'e', 8]),
    value('past_key_values.0.encoder.key', 'float32', ['b', 2, 'e', 4]),
  ],
  [value('logits', 'float32', ['b', 's', 64])],
)!
const session = (outputs: readonly string[]) => ({
  inputs: [IDS],
  outputs,
  run: async () =>
    Object.fromEntries(outputs.map((name) => [name, { dtype: 'float32' as const, shape: [1], data: new Float32Array(1) }])),
})

const place = {
  ...{ preprocessor: null, folder: 'model', file: 'encoder.onnx', longest: 3 },
  lacking: encoderInputs(layout.cache),
}

describe('encoderOf', () => {
  it('feeds the keys that the encoder computes', async () => {
    const encoder = encoderOf(session(['last_hidden_state', 'present.0.encoder.key']), place)
    expect(encoder.facts.reads).toBe('text')
    const fed = decoderFeeds(layout, await encoder.encode([1]))
    expect(Object.keys(fed)).toEqual(['encoder_hidden_states', 'past_key_values.0.encoder.key'])
  })

  it('feeds floats of the type that the decoder declares', async () => {
    const encoder = encoderOf(session(['last_hidden_state', 'present.0.encoder.key']), place)
    const encoded = await encoder.encode([1])
    const half = {
      ...layout,
      inputs: { ...layout.inputs, encoderStates: { ...layout.inputs.encoderStates!, dtype: 'float16' as const } },
      cache: layout.cache.map((entry) => ({ ...entry, dtype: 'float16' as const })),
    }
    const states = { dtype: 'float32' as const, shape: [2], data: Float32Array.of(1, -2) }
    const outputs = { ...encoded.outputs, last_hidden_state: states }
    const fed = decoderFeeds(half, { ...encoded, outputs })
    // 1 and -2 as float16.
    expect(fed.encoder_hidden_states).toEqual({ dtype: 'float16', shape: [2], data: Uint16Array.of(0x3c00, 0xc000) })
    expect(fed['past_key_values.0.encoder.key']!.dtype).toBe('float16')
    const back = decoderFeeds(layout, { ...encoded, outputs: { last_hidden_state: fed.encoder_hidden_states! } })
    expect(back.encoder_hidden_states).toEqual(states)
  })

  it('is one line if a text is too long, or is none', async () => {
    const encoder = encoderOf(session(['last_hidden_state', 'present.0.encoder.key']), place)
    await expect(encoder.encode([1, 2, 3, 4])).rejects.toThrow(
      '4 tokens are more than the 3 that the encoder reads; shorten the text',
    )
    await expect(encoder.encode({ kind: 'image', seed: 1 })).rejects.toThrow(/reads text; give one/)
  })

  it('is one line if it does not compute them', () => {
    expect(() => encoderOf(session(['last_hidden_state']), place)).toThrow(
      /^encoder\.onnx does not give past_key_values\.0\.encoder\.key, which the decoder is fed; give decoder_model_merged\.onnx/,
    )
  })
})
