import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applied, decoderTarget, offBy, operatorsOf, targetOf, tools } from '../../test/support/check-remedy.ts'
import { decoderWeights, TINY } from '../../test/support/decoder/weights.ts'
import { decoderModel } from '../../test/support/decoder/write-decoder.ts'
import { writesInPlace } from '../engines/held/from-layout.ts'
import { groupQueryAttention } from './group-query-attention.ts'

/** Heads of 16 numbers, so that the kernel can turn them. */
const WIDE = { ...TINY, width: 64, heads: 4, kvHeads: 2 }

describe('group-query-attention', () => {
  it('gives the same logits for any number of heads', async () => {
    const shape = fc.record({
      heads: fc.constantFrom(2, 4, 6),
      groups: fc.constantFrom(1, 2),
      size: fc.constantFrom(8, 16),
      layers: fc.constantFrom(1, 2),
      seed: fc.integer({ min: 1, max: 1000 }),
      context: fc.constantFrom(null, 64),
    })
    await fc.assert(
      fc.asyncProperty(shape, async ({ heads, groups, size, layers, seed, context }) => {
        const weights = decoderWeights({ seed, shape: { ...TINY, layers, heads, kvHeads: heads / groups, width: heads * size } })
        const given = decoderTarget(decoderModel(weights), context)
        expect(await offBy(groupQueryAttention, given)).toBeLessThan(1e-5)
      }),
      { numRuns: 12 },
    )
  })

  it('writes in place, turns positions inside, and needs neither masks nor copies', async () => {
    const { model, changes } = await applied(groupQueryAttention, decoderTarget(decoderModel(decoderWeights({ shape: WIDE }))))
    expect(changes).toEqual(['2 attentions over a cache as GroupQueryAttention, with rotary positions inside'])
    const operators = operatorsOf(model)
    for (const gone of ['Softmax', 'Concat', 'Expand', 'Transpose', 'Slice', 'Where', 'Range'])
      expect(operators).not.toContain(gone)
    const { layout } = targetOf(model)
    expect(writesInPlace(model.proto.graph!, layout.cache)).toBe(true)
    expect(layout.inputs.positions).toBeUndefined()
  })

  it('leaves positions in the graph if the context is not known', async () => {
    const { model, changes } = await applied(
      groupQueryAttention,
      decoderTarget(decoderModel(decoderWeights({ shape: WIDE })), null),
    )
    expect(changes).toEqual(['2 attentions over a cache as GroupQueryAttention'])
    expect(operatorsOf(model)).toContain('Cos')
  })

  it('fuses GPT-2 with keys and values apart', async () => {
    const given = decoderTarget(decoderModel(decoderWeights({ family: 'gpt2' })))
    expect(await offBy(groupQueryAttention, given)).toBeLessThan(1e-5)
  })

  it('says why it does not apply', async () => {
    const why = (form: Parameters<typeof decoderModel>[1], family: 'llama' | 'gpt2' = 'llama') =>
      groupQueryAttention.applies(decoderTarget(decoderModel(decoderWeights({ family }), form)))
    expect(why({ attention: 'fused' })).toBe('its attention is GroupQueryAttention already')
    expect(why({ cache: 'none' })).toBe('it keeps no keys and values between calls')
    expect(why({ cache: 'stacked' }, 'gpt2')).toMatch(/is not joined of a cache and what is new|cache/)
    expect(why({ cache: 'merged' })).toBe('it has no attention written in pieces')
    const small = decoderWeights({ shape: { ...TINY, width: 16, heads: 4 } })
    expect(groupQueryAttention.applies(decoderTarget(decoderModel(small)))).toMatch(
      /heads of 4 numbers, and GroupQueryAttention takes multiples of 8/,
    )
  })

  it('refuses a mask that is not causal', async () => {
    const given = decoderTarget(decoderModel(decoderWeights()))
    const windowed = {
      ...tools,
      // A window of four tokens, as the engine would compute it.
      evaluate: async (...[model, feeds]: Parameters<typeof tools.evaluate>) =>
        (await tools.evaluate(model, feeds)).map((results) =>
          Object.fromEntries(
            Object.entries(results).map(([name, value]) => {
              const columns = value.shape.at(-1)!
              const data = (value.data as Float32Array).map((one, at) => {
                const [row, column] = [Math.floor(at / columns), at % columns]
                const rows = value.shape.at(-2)!
                return columns - rows + row - column >= 4 ? -1e9 : one
              })
              return [name, { ...value, data }]
            }),
          ),
        ),
    }
    expect(await groupQueryAttention.rewrite(given, '', windowed)).toMatch(
      /is -1000000000 for token \d+ and key 0 with \d+ tokens held and \d+ new: a causal mask alone can be fused/,
    )
  })
})
