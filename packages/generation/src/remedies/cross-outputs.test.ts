import { model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { describe, expect, it } from 'vitest'
import { decoderTarget, operatorsOf, targetOf } from '../../test/support/check-remedy.ts'
import { decoderWeights } from '../../test/support/decoder/weights.ts'
import { decoderModel } from '../../test/support/decoder/write-decoder.ts'
import { crossOutputs } from './cross-outputs.ts'

/** A decoder of one product, as far as its inputs and outputs go: its encoder's keys come out as they went in, or computed. */
const decoder = (computed: boolean) =>
  targetOf(
    modelInMemory(
      model({
        inputs: [
          valueInfo('input_ids', 'int64', ['batch', 'tokens']),
          valueInfo('past_key_values.0.encoder.key', 'float32', ['batch', 2, 'encoded_length', 8]),
          valueInfo('past_key_values.0.decoder.key', 'float32', ['batch', 2, 'past_length', 8]),
        ],
        outputs: [
          valueInfo('logits', 'float32', ['batch', 'tokens', 8]),
          valueInfo('present.0.encoder.key', 'float32', ['batch', 2, 'encoded_length', 8]),
          valueInfo('present.0.decoder.key', 'float32', ['batch', 2, 'total_length', 8]),
        ],
        nodes: [
          node('Cast', ['input_ids'], ['floats'], { to: 1 }),
          node('Unsqueeze', ['floats'], ['logits'], {}),
          node(computed ? 'Neg' : 'Identity', ['past_key_values.0.encoder.key'], ['present.0.encoder.key']),
          node('Identity', ['past_key_values.0.decoder.key'], ['present.0.decoder.key']),
        ],
      }),
    ),
  )

describe('constant-cross-outputs', () => {
  it('drops what equals what is fed, and only of the encoder', async () => {
    const rewritten = await crossOutputs.rewrite(decoder(false), '', { evaluate: async () => [] })
    if (typeof rewritten === 'string') throw new Error(rewritten)
    expect(rewritten.model.proto.graph!.output.map(({ name }) => name)).toEqual(['logits', 'present.0.decoder.key'])
    expect(operatorsOf(rewritten.model).filter((one) => one === 'Identity').length).toBe(1)
  })

  it('leaves what is computed, and decoders without an encoder', () => {
    expect(crossOutputs.applies(decoder(true))).toMatch(/computes the encoder's keys and values itself/)
    expect(crossOutputs.applies(decoderTarget(decoderModel(decoderWeights())))).toBe(
      'it returns no keys and values of an encoder',
    )
  })
})
