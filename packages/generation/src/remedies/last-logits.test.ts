import { describe, expect, it } from 'vitest'
import {
  applied,
  decoderTarget,
  largestOff,
  logitsAfter,
  offBy,
  operatorsOf,
  someIds,
  targetOf,
} from '../../test/support/check-remedy.ts'
import { decoderWeights } from '../../test/support/decoder/weights.ts'
import { decoderModel } from '../../test/support/decoder/write-decoder.ts'
import { lastLogits } from './last-logits.ts'

const llama = decoderWeights()
const FORMS = [
  ['a head of its own', decoderWeights(), {}],
  ['a tied head', decoderWeights({ tied: true }), {}],
  ['a head in 4 bits', decoderWeights(), { weights: 'int4' }],
  ['GPT-2', decoderWeights({ family: 'gpt2' }), {}],
] as const

describe.each(FORMS)('%s', (_, weights, form) => {
  it.each([...lastLogits.variants])("variant '%s': the same logits", async (variant) => {
    expect(await offBy(lastLogits, decoderTarget(decoderModel(weights, form)), variant)).toBeLessThan(1e-5)
  })
})

describe('last-logits', () => {
  it("gives as many positions as the input says, all for 0, and is recognized by the recognizer's own means", async () => {
    const { model } = await applied(lastLogits, decoderTarget(decoderModel(llama)))
    const { layout } = targetOf(model)
    expect([layout.positions, layout.inputs.logitsToKeep?.name]).toEqual(['chosen', 'num_logits_to_keep'])
  })

  it('cuts before the head, whose product has one row', async () => {
    const { model } = await applied(lastLogits, decoderTarget(decoderModel(llama)), 'last')
    const { layout } = targetOf(model)
    expect([layout.positions, layout.logits.shape]).toEqual(['last', ['batch_size', 1, 64]])
    const operators = operatorsOf(model)
    expect(operators.lastIndexOf('Gather')).toBeLessThan(operators.lastIndexOf('MatMul'))
  })

  it('leaves alone what gives the last or chosen positions already, and a head whose rounding depends on all positions', () => {
    const why = (form: Parameters<typeof decoderModel>[1]) => lastLogits.applies(decoderTarget(decoderModel(llama, form)))
    expect(why({ logits: 'last' })).toMatch(/already/)
    expect(why({ logits: 'chosen' })).toMatch(/feed 1/)
    expect(why({ weights: 'int8' })).toMatch(/range of all positions/)
    expect(why({ cache: 'merged' })).toMatch(/come from If/)
  })

  it('is the reason of a difference if the wrong position is kept', async () => {
    // The first position's logits in place of the last one's are far off: the comparison above would show it.
    const ids = someIds(6, 64)
    const rows = await logitsAfter(decoderTarget(decoderModel(llama)).model, ids, 1)
    expect(largestOff([rows[0]!], [rows.at(-1)!])).toBeGreaterThan(0.1)
  })
})
