import { describe, expect, it } from 'vitest'
import { applied, decoderTarget, offBy, operatorsOf } from '../../test/support/check-remedy.ts'
import { decoderWeights } from '../../test/support/decoder/weights.ts'
import { decoderModel } from '../../test/support/decoder/write-decoder.ts'
import { float16ToFloat32 } from './float16-to-float32.ts'

const target = (seed: number, form: Parameters<typeof decoderModel>[1] = {}) =>
  decoderTarget(decoderModel(decoderWeights({ seed }), form))

describe('float16-to-float32', () => {
  it('gives the logits of the rounded weights, with no cast between', async () => {
    const given = target(1, { weights: 'float16' })
    const { model } = await applied(float16ToFloat32, given)
    expect(operatorsOf(model)).not.toContain('Cast_to_float16')
    expect(model.proto.graph!.initializer.some(({ dataType }) => dataType === 10)).toBe(false)
    expect(await offBy(float16ToFloat32, given)).toBeLessThan(0.02)
    expect(float16ToFloat32.applies(target(1))).toBe('it has no float16 weights')
  })
})
