import { describe, expect, it } from 'vitest'
import { decoderTarget, meanOff, offBy, tools } from '../../test/support/check-remedy.ts'
import { decoderWeights } from '../../test/support/decoder/weights.ts'
import { decoderModel } from '../../test/support/decoder/write-decoder.ts'
import { int8Weights } from './int8-weights.ts'

const target = (seed: number, form: Parameters<typeof decoderModel>[1] = {}) =>
  decoderTarget(decoderModel(decoderWeights({ seed }), form))

/** Root mean square, as share of that of the logits. Rounding to 8 bits is a noise of a hundred-and-sixtieth of the weights (44 dB); activations are rounded too. */
const MOST = 0.04

describe.each([...int8Weights.variants])('variant %s', (variant) => {
  it.each([1, 2, 3])('logits stay near those of seed %i, and are not the same', async (seed) => {
    const off = await offBy(int8Weights, target(seed), variant, tools, meanOff)
    expect(off).toBeLessThan(MOST)
    expect(off).toBeGreaterThan(0)
  })
})

it('has nothing to do where weights are in few bits', () => {
  expect(int8Weights.applies(target(1, { weights: 'int4' }))).toBe('it has no product with float32 weights')
})
