import { describe, expect, it } from 'vitest'
import { applied, decoderTarget, offBy, someIds, targetOf, tools } from '../../test/support/check-remedy.ts'
import { decoderWeights, TINY } from '../../test/support/decoder/weights.ts'
import { decoderModel } from '../../test/support/decoder/write-decoder.ts'
import { int8Cache } from './int8-cache.ts'

const weights = decoderWeights({ shape: { ...TINY, width: 64, heads: 4, kvHeads: 2 } })
const target = decoderTarget(decoderModel(weights, { attention: 'fused' }))
const withTexts = { ...tools, prompts: [someIds(40, 64), someIds(33, 64).toReversed()] }

describe('int8-cache', () => {
  it('holds keys and values in 8 bits, and logits stay near', async () => {
    const { model } = await applied(int8Cache, target, '', withTexts)
    expect(targetOf(model).layout.cache.map(({ dtype }) => dtype)).toEqual(['int8', 'int8', 'int8', 'int8'])
    const off = await offBy(int8Cache, target, '', withTexts)
    expect(off).toBeLessThan(0.1)
    expect(off).toBeGreaterThan(0)
  })

  it('needs attention that can hold it, and texts', async () => {
    expect(int8Cache.applies(decoderTarget(decoderModel(weights)))).toMatch(/fuse its attention first/)
    expect(int8Cache.applies({ ...target, hasFirst: true })).toMatch(/another graph makes the first call/)
    expect(await int8Cache.rewrite(target, '', tools)).toMatch(/give texts to measure it by/)
  })
})
