import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fullOr } from '../../../../test/only-full.ts'
import { applied, decoderTarget, offBy, operatorsOf, targetOf, tools } from '../../test/support/check-remedy.ts'
import { decoderWeights, TINY } from '../../test/support/decoder/weights.ts'
import { decoderModel } from '../../test/support/decoder/write-decoder.ts'
import { transformersAttention } from '../../test/support/transformers-attention.ts'
import { writesInPlace } from '../engines/held/from-layout.ts'
import { groupQueryAttention } from './group-query-attention.ts'
import { int8Weights } from './int8-weights.ts'

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
      { numRuns: fullOr(12, 4) },
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

  it('asks the engine about one cache, and no layer', async () => {
    const asked: { nodes: readonly string[]; caches: number }[] = []
    const evaluate: typeof tools.evaluate = (model, feeds) => {
      asked.push({ nodes: operatorsOf(model), caches: Object.keys(feeds[0]!).filter((name) => name.startsWith('past')).length })
      return tools.evaluate(model, feeds)
    }
    const given = targetOf(
      transformersAttention({ heads: 4, kvHeads: 2, size: 16, window: null, positions: 'input', seed: 3 }),
      null,
    )
    expect((await groupQueryAttention.rewrite(given, '', { evaluate })) instanceof Object).toBe(true)
    expect(asked.map(({ caches }) => caches)).toEqual([1])
    expect(asked[0]!.nodes).not.toContain('MatMul')
  })

  describe("as torch exports transformers' models", () => {
    const form = { heads: 4, kvHeads: 2, size: 16, window: null, positions: 'input', seed: 3 } as const

    it('gives the same logits for any number of heads, positions given or counted', async () => {
      const any = fc.record({
        heads: fc.constantFrom(2, 4),
        groups: fc.constantFrom(1, 2),
        size: fc.constantFrom(8, 16, 32),
        positions: fc.constantFrom('input', null),
        mask: fc.constantFrom('added', 'where'),
        context: fc.constantFrom(null, 64),
        seed: fc.integer({ min: 1, max: 1000 }),
      })
      await fc.assert(
        fc.asyncProperty(any, async ({ heads, groups, size, positions, mask, context, seed }) => {
          const given = transformersAttention({ heads, kvHeads: heads / groups, size, window: null, positions, mask, seed })
          expect(await offBy(groupQueryAttention, targetOf(given, context))).toBeLessThan(1e-5)
        }),
        { numRuns: fullOr(12, 4) },
      )
    })

    it.each(['input', null] as const)('writes in place with positions %s', async (positions) => {
      for (const context of [null, 64]) {
        const { model } = await applied(groupQueryAttention, targetOf(transformersAttention({ ...form, positions }), context))
        expect(writesInPlace(model.proto.graph!, targetOf(model).layout.cache)).toBe(true)
      }
    })

    it('is found behind products in 8 bits, whose columns give the number of heads', async () => {
      const given = targetOf(transformersAttention({ ...form, positions: 'input' }), null)
      const { model } = await applied(int8Weights, given)
      expect(operatorsOf(model)).toContain('MatMulNBits')
      expect(groupQueryAttention.applies(targetOf(model, null))).toBe(true)
    })

    it('refuses a window of a few tokens, and one that is shorter than the context alone', async () => {
      for (const window of [2, 50]) {
        const given = targetOf(transformersAttention({ ...form, window }), 64)
        expect(await groupQueryAttention.rewrite(given, '', tools)).toMatch(
          /is -Infinity for token \d+ and key 0 .*: a causal mask alone can be fused/,
        )
      }
    })
  })

  it('says so of a decoder that is fed embeddings', async () => {
    const target = decoderTarget(decoderModel(decoderWeights({ shape: WIDE }), { embeddings: 'apart' }))
    expect(groupQueryAttention.applies(target)).toBe(true)
    expect(await groupQueryAttention.rewrite(target, '', tools)).toMatch(/^it is fed embeddings/)
  })
})
