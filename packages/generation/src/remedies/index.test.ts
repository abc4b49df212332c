import { describe, expect, it } from 'vitest'
import { applied, decoderTarget, logitsAfter, meanOff, someIds, targetOf, tools } from '../../test/support/check-remedy.ts'
import { decoderWeights, TINY } from '../../test/support/decoder/weights.ts'
import { decoderModel } from '../../test/support/decoder/write-decoder.ts'
import { cachesWrittenInPlace } from '../engines/held/from-layout.ts'
import { remedies } from './index.ts'

const weights = decoderWeights({ shape: { ...TINY, width: 64, heads: 4, kvHeads: 2 } })
const withTexts = { ...tools, prompts: [someIds(40, 64)] }

describe('remedies', () => {
  it('have ids of their own, and say what they do in a sentence', () => {
    expect(new Set(remedies.map(({ id }) => id)).size).toBe(remedies.length)
    for (const { title, description, variants } of remedies) {
      expect(title).toMatch(/^[A-Z].*[^.]$/)
      expect(description).toMatch(/^[A-Z][^.]+\.$/)
      expect(variants.length).toBeGreaterThan(0)
    }
  })

  const FUSED = ['last-logits', 'group-query-attention', 'int4-weights', 'int8-head', 'int8-cache']
  it.each([
    ['two branches', { cache: 'merged' }, ['split-branches', ...FUSED]],
    ['float16', { weights: 'float16' }, ['float16-to-float32', ...FUSED]],
    ['weights in 4 bits', { weights: 'int4' }, [...FUSED.slice(0, 2), 'accuracy-level', 'int8-cache']],
  ] as const)('work on what the ones before them left, from %s on', async (_, form, expected) => {
    let target = decoderTarget(decoderModel(weights, form))
    const before = target.model
    const done: string[] = []
    for (const remedy of remedies) {
      if (remedy.applies(target) !== true) continue
      const { model } = await applied(remedy, target, remedy.variants[0]!, withTexts)
      target = targetOf(model)
      done.push(remedy.id)
    }
    expect(done).toEqual(expected)
    expect(cachesWrittenInPlace(target.model.proto.graph!, target.layout.cache)).toEqual(target.layout.cache)
    const ids = someIds(9, 64)
    expect(meanOff(await logitsAfter(before, ids, 5), await logitsAfter(target.model, ids, 5))).toBeLessThan(0.5)
  })
})
