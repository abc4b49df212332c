import { describe, expect, it } from 'vitest'
import { applied, decoderTarget, offBy, targetOf } from '../../test/support/check-remedy.ts'
import { decoderWeights } from '../../test/support/decoder/weights.ts'
import { decoderModel } from '../../test/support/decoder/write-decoder.ts'
import { accuracyLevel } from './accuracy-level.ts'

const target = (seed: number, form: Parameters<typeof decoderModel>[1] = {}) =>
  decoderTarget(decoderModel(decoderWeights({ seed }), form))

describe('accuracy-level', () => {
  it('is set once, and changes logits a little', async () => {
    const given = target(1, { weights: 'int4' })
    const { model, changes } = await applied(accuracyLevel, given)
    expect(changes).toEqual(['accuracy_level 4 for 15 products with few-bit weights'])
    expect(await offBy(accuracyLevel, given)).toBeLessThan(0.2)
    expect(accuracyLevel.applies(targetOf(model))).toBe('it has no MatMulNBits below accuracy_level 4')
  })
})
