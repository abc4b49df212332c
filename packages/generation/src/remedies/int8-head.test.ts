import { describe, expect, it } from 'vitest'
import { applied, decoderTarget, meanOff, offBy, operatorsOf, tools } from '../../test/support/check-remedy.ts'
import { decoderWeights } from '../../test/support/decoder/weights.ts'
import { decoderModel } from '../../test/support/decoder/write-decoder.ts'
import { int8Head } from './int8-head.ts'

const target = (seed: number, form: Parameters<typeof decoderModel>[1] = {}, tied = false) =>
  decoderTarget(decoderModel(decoderWeights({ seed, tied }), form))

/** Root mean square, as share of that of the logits: the head alone rounds, to 44 dB, and its activations. */
const MOST = 0.02

describe.each([...int8Head.variants])('variant %s', (variant) => {
  it.each([1, 2, 3])('logits stay near those of seed %i, and are not the same', async (seed) => {
    const off = await offBy(int8Head, target(seed), variant, tools, meanOff)
    expect(off).toBeLessThan(MOST)
    expect(off).toBeGreaterThan(0)
  })
})

describe('int8-head', () => {
  it('is found in both branches of a merged decoder', async () => {
    const { model } = await applied(int8Head, target(1, { cache: 'merged' }))
    expect(model.proto.graph!.initializer.filter(({ name }) => name.endsWith('_Q8')).map(({ name }) => name)).toEqual([
      'lm_head.weight_Q8',
    ])
  })

  it('leaves a tied table of embeddings in float', async () => {
    const { model } = await applied(int8Head, target(1, {}, true))
    const names = model.proto.graph!.initializer.map(({ name }) => name)
    expect(names).toContain('embed_tokens.weight')
    expect(names).toContain('embed_tokens.weight_Q8')
    expect(operatorsOf(model).filter((one) => one === 'MatMulNBits').length).toBe(1)
  })

  it('leaves a head in fewer bits as it is', () => {
    expect(int8Head.applies(target(1, { weights: 'int4' }))).toBe('the head is MatMulNBits already')
  })
})
