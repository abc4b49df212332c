import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fullOr } from '../../../../test/only-full.ts'
import {
  applied,
  decoderTarget,
  largestOff,
  logitsAfter,
  offBy,
  operatorsOf,
  someIds,
  targetOf,
  tools,
} from '../../test/support/check-remedy.ts'
import { decoderWeights, TINY } from '../../test/support/decoder/weights.ts'
import { decoderModel } from '../../test/support/decoder/write-decoder.ts'
import { transformersAttention } from '../../test/support/transformers-attention.ts'
import { cachesWrittenInPlace } from '../engines/held/from-layout.ts'
import { groupQueryAttention } from './group-query-attention.ts'
import { int8Weights } from './int8-weights.ts'
import type { RemedyTarget } from './kit/remedy.ts'

/** Heads of 16 numbers, so that the kernel can turn them. */
const WIDE = { ...TINY, width: 64, heads: 4, kvHeads: 2 }

/** Of a text that is almost as long as the context: a prompt of 50 tokens at once, then one by one. */
async function bothLogits(one: RemedyTarget, other: RemedyTarget) {
  const ids = someIds(60, 48)
  return [await logitsAfter(one.model, ids, 50, 'all'), await logitsAfter(other.model, ids, 50, 'all')] as const
}

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
    expect(cachesWrittenInPlace(model.proto.graph!, layout.cache)).toEqual(layout.cache)
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

  it('fuses what computes in float16', async () => {
    const given = decoderTarget(decoderModel(decoderWeights({ shape: WIDE }), { weights: 'float16' }))
    expect((await applied(groupQueryAttention, given)).changes).toEqual([
      '2 attentions over a cache as GroupQueryAttention, with rotary positions inside',
    ])
    expect(await offBy(groupQueryAttention, given)).toBeLessThan(0.02)
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
        expect(cachesWrittenInPlace(model.proto.graph!, targetOf(model).layout.cache)).toEqual(targetOf(model).layout.cache)
      }
    })

    it('is found behind products in 8 bits, whose columns give the number of heads', async () => {
      const given = targetOf(transformersAttention({ ...form, positions: 'input' }), null)
      const { model } = await applied(int8Weights, given)
      expect(operatorsOf(model)).toContain('MatMulNBits')
      expect(groupQueryAttention.applies(targetOf(model, null))).toBe(true)
    })

    it('keeps a cap on the scores', async () => {
      for (const mask of ['added', 'where'] as const) {
        const given = targetOf(transformersAttention({ ...form, mask, cap: 0.5 }), 64)
        expect(await offBy(groupQueryAttention, given)).toBeLessThan(1e-5)
        // A cap that is left out would show.
        const without = targetOf(transformersAttention({ ...form, mask }), 64)
        expect(largestOff(...(await bothLogits(given, without)))).toBeGreaterThan(1e-3)
      }
    })

    it.each([2, 7, 50])('keeps a window of %d tokens, which is shorter than the context', async (window) => {
      for (const mask of ['added', 'where'] as const) {
        const given = targetOf(transformersAttention({ ...form, window, mask }), 64)
        const { model, changes } = await applied(groupQueryAttention, given)
        expect(changes).toEqual([
          '1 attention over a cache as GroupQueryAttention, with rotary positions inside, with a window of the last tokens',
        ])
        expect(cachesWrittenInPlace(model.proto.graph!, targetOf(model).layout.cache)).toEqual(targetOf(model).layout.cache)
        expect(largestOff(...(await bothLogits(given, targetOf(model))))).toBeLessThan(1e-5)
        const without = targetOf(transformersAttention({ ...form, mask }), 64)
        expect(largestOff(...(await bothLogits(given, without)))).toBeGreaterThan(1e-4)
      }
    })

    // The last token sees 8 keys of either, and a text of 7 tokens does not differ.
    it.each([{ chunk: 28 }, { window: 8, cut: true }])('does not take %j for a window that slides', async (more) => {
      const given = targetOf(transformersAttention({ ...form, ...more }), 64)
      const { model, changes } = await applied(groupQueryAttention, given)
      expect(largestOff(...(await bothLogits(given, targetOf(model))))).toBeLessThan(1e-5)
      expect(changes[0]).toMatch(/ inside, with a bias on its scores$/)
      const chosen = targetOf(transformersAttention({ ...form, ...more, mask: 'where' }), 64)
      expect(await groupQueryAttention.rewrite(chosen, '', tools)).toMatch(/only masks that hide all later tokens can be fused/)
    })

    it('takes several masks, as GPT-2 once had a causal one and one of what is padded', async () => {
      for (const more of [{}, { window: 7 }, { bias: 0.7 }] as const) {
        const given = targetOf(transformersAttention({ ...form, ...more, mask: 'both' }), 64)
        const { model } = await applied(groupQueryAttention, given)
        expect(largestOff(...(await bothLogits(given, targetOf(model))))).toBeLessThan(1e-5)
      }
    })

    it('scales masks that hide together with the scores, and refuses a bias below a scale', async () => {
      for (const more of [{}, { window: 7 }, { mask: 'where' }, { mask: 'both' }] as const) {
        const given = targetOf(transformersAttention({ ...form, ...more, factor: 0.125 }), 64)
        const { model } = await applied(groupQueryAttention, given)
        expect(largestOff(...(await bothLogits(given, targetOf(model))))).toBeLessThan(1e-5)
      }
      const bias = targetOf(transformersAttention({ ...form, bias: 0.7, factor: 0.125 }), 64)
      const rewritten = await groupQueryAttention.rewrite(bias, '', tools)
      if (typeof rewritten !== 'string')
        expect(largestOff(...(await bothLogits(bias, targetOf(rewritten.model))))).toBeLessThan(1e-5)
      expect(rewritten).toMatch(/only masks that hide all later tokens can be fused/)
    })

    it.each(['cast', 'split', 'hidden'] as const)('is found with nodes that change nothing: %s', async (idle) => {
      const given = targetOf(transformersAttention({ ...form, idle }), 64)
      const { model } = await applied(groupQueryAttention, given)
      expect(largestOff(...(await bothLogits(given, targetOf(model))))).toBeLessThan(1e-5)
    })

    it('needs no mask if one token is fed at a time', async () => {
      const given = targetOf(transformersAttention({ ...form, mask: 'none' }), 64)
      const { model } = await applied(groupQueryAttention, given)
      const ids = someIds(9, 48)
      expect(largestOff(await logitsAfter(given.model, ids, 1), await logitsAfter(model, ids, 1))).toBeLessThan(1e-5)
    })

    it('has no window for a context that fits into it', async () => {
      const { changes } = await applied(groupQueryAttention, targetOf(transformersAttention({ ...form, window: 64 }), 64))
      expect(changes).toEqual(['1 attention over a cache as GroupQueryAttention, with rotary positions inside'])
    })

    it('refuses a window if the engine counts one in no way that is known, and a mask that is none', async () => {
      const given = targetOf(transformersAttention({ ...form, window: 7 }), 64)
      const evaluate: typeof tools.evaluate = async (model, feeds) => {
        const results = await tools.evaluate(model, feeds)
        return model.proto.graph!.node.some(({ name }) => name === 'probe')
          ? results.map((one) => ({
              ...one,
              seen: { ...one.seen!, data: new Float32Array((one.seen!.data as Float32Array).length) },
            }))
          : results
      }
      expect(await groupQueryAttention.rewrite(given, '', { evaluate })).toMatch(
        /shows the last 7 tokens, and the engine's attention has no such window/,
      )
    })

    it('adds a mask that is more than a window, and refuses one that is no number or shows what comes later', async () => {
      const gap = targetOf(transformersAttention({ ...form, gap: 3 }), 64)
      const { model, changes } = await applied(groupQueryAttention, gap)
      expect(changes).toEqual([
        '1 attention over a cache as GroupQueryAttention, with rotary positions inside, with a bias on its scores',
      ])
      expect(cachesWrittenInPlace(model.proto.graph!, targetOf(model).layout.cache)).toEqual(targetOf(model).layout.cache)
      expect(largestOff(...(await bothLogits(gap, targetOf(model))))).toBeLessThan(1e-5)
      const bias = targetOf(transformersAttention({ ...form, bias: 0.7 }), 64)
      expect(await offBy(groupQueryAttention, bias)).toBeLessThan(1e-5)
      for (const other of [{ mask: 'where', gap: 3 } as const, { gap: -1 }])
        expect(await groupQueryAttention.rewrite(targetOf(transformersAttention({ ...form, ...other }), 64), '', tools)).toMatch(
          /is \S+ for token \d+ and key \d+ .*: only masks that hide all later tokens can be fused/,
        )
    })
  })

  it('says so of a decoder that is fed embeddings', async () => {
    const target = decoderTarget(decoderModel(decoderWeights({ shape: WIDE }), { embeddings: 'apart' }))
    expect(groupQueryAttention.applies(target)).toBe(true)
    expect(await groupQueryAttention.rewrite(target, '', tools)).toMatch(/^it is fed embeddings/)
  })
})
