import { describe, expect, it } from 'vitest'
import {
  applied,
  decoderTarget,
  largestOff,
  logitsAfter,
  operatorsOf,
  someIds,
  targetOf,
} from '../../test/support/check-remedy.ts'
import { decoderWeights } from '../../test/support/decoder/weights.ts'
import { decoderModel } from '../../test/support/decoder/write-decoder.ts'
import { splitBranches } from './split-branches.ts'

describe('split-branches', () => {
  const target = decoderTarget(decoderModel(decoderWeights(), { cache: 'merged' }))

  it('gives a graph for tokens that also takes a prompt, and one for the prompt alone', async () => {
    const { model, prefill } = await applied(splitBranches, target)
    const [decode, first] = [targetOf(model), targetOf(prefill!)]
    for (const { layout } of [decode, first]) expect(layout.inputs.useCache).toBeUndefined()
    for (const one of [model, prefill!]) expect(operatorsOf(one)).not.toContain('If')
    expect(prefill!.proto.graph!.input.map(({ name }) => name)).toEqual(['input_ids', 'attention_mask', 'position_ids'])
    const ids = someIds(8, 64)
    expect(largestOff(await logitsAfter(target.model, ids, 5), await logitsAfter(model, ids, 5))).toBeLessThan(1e-5)
  })

  it('leaves a decoder of one graph alone', () => {
    expect(splitBranches.applies(decoderTarget(decoderModel(decoderWeights())))).toMatch(/no input use_cache_branch/)
  })
})
