// The test helper of engines that run an ONNX decoder step by step: whatever the form of its cache and logits, they give what the reference gives.
import { describe, expect, it } from 'vitest'
import type { Generator, GeneratorOptions } from '../../src/generator.ts'
import { referenceGreedy, referenceLogits } from './decoder/reference.ts'
import { type DecoderWeights, decoderWeights } from './decoder/weights.ts'
import type { DecoderForm } from './decoder/write-decoder.ts'
import { plainOptions, plainRequest } from './plain-options.ts'

export const PROMPT = [3, 17, 42, 5, 60]

export interface DecoderEngine {
  open(weights: DecoderWeights, form: DecoderForm, options: GeneratorOptions): Promise<Generator>
  readonly forms: readonly (readonly [name: string, weights: DecoderWeights, form: DecoderForm])[]
}

export const compareLogits = (given: Float32Array, expected: ArrayLike<number>): void => {
  expect(given.length).toBe(expected.length)
  expect(given.reduce((most, value, k) => Math.max(most, Math.abs(value - expected[k]!)), 0)).toBeLessThan(1e-3)
}

export function checkDecoderEngine({ open, forms }: DecoderEngine): void {
  describe.each(forms)('%s', (_, weights, form) => {
    it('generates the ids of the reference', async () => {
      const generator = await open(weights, form, plainOptions)
      const { tokens, ended, promptTokens } = await generator.generate(plainRequest(PROMPT, 12))
      expect(tokens.map(({ id }) => id)).toEqual(referenceGreedy(weights, PROMPT, 12))
      expect({ ended, promptTokens }).toEqual({ ended: 'length', promptTokens: PROMPT.length })
      await generator.close()
    })

    it('gives the same logits in one call, token by token, after a cut, and by the reference', async () => {
      const generator = await open(weights, form, plainOptions)
      const ids = [...PROMPT, 9, 33]
      const expected = referenceLogits(weights, ids)
      const sequence = generator.start!()
      const whole = await sequence.feed(ids, 'all')
      expect(whole.positions).toBe(ids.length)
      compareLogits(
        whole.logits,
        expected.flatMap((row) => [...row]),
      )
      sequence.cut(0)
      for (const [k, id] of ids.entries()) compareLogits((await sequence.feed([id], 'last')).logits, expected[k]!)
      // Back by one, to where a call began, then by more.
      for (const kept of [ids.length - 1, 3]) {
        sequence.cut(kept)
        expect(sequence.length).toBe(kept)
        const { logits, positions } = await sequence.feed(ids.slice(kept), 'last')
        compareLogits(logits, expected.at(-1)!)
        expect(positions).toBe(1)
      }
      sequence.cut(2)
      expect((await sequence.feed(ids.slice(2, -1), 'none')).logits.length).toBe(0)
      compareLogits((await sequence.feed(ids.slice(-1), 'last')).logits, expected.at(-1)!)
      sequence.close()
      await generator.close()
    })
  })

  it.each(forms.slice(0, 2))('prefill with threads of its own gives the same ids: %s', async (_, weights, form) => {
    const generator = await open(weights, form, { ...plainOptions, prefillThreads: 2 })
    const { tokens } = await generator.generate(plainRequest(PROMPT, 6))
    expect(tokens.map(({ id }) => id)).toEqual(referenceGreedy(weights, PROMPT, 6))
    await generator.close()
  })

  it('two sequences do not mix', async () => {
    const generator = await open(decoderWeights(), {}, plainOptions)
    const [a, b] = [generator.start!(), generator.start!()]
    await a.feed([1, 2, 3], 'none')
    await b.feed([9, 8], 'none')
    compareLogits((await a.feed([4], 'last')).logits, referenceLogits(decoderWeights(), [1, 2, 3, 4]).at(-1)!)
    compareLogits((await b.feed([7], 'last')).logits, referenceLogits(decoderWeights(), [9, 8, 7]).at(-1)!)
    a.close()
    await generator.close()
  })
}
