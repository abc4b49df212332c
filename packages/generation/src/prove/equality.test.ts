import { expect, test } from 'vitest'
import type { Answer, Rating } from './answers.ts'
import { DEFAULT_LOSS, type Gate, judge, NEAR_TIE } from './equality.ts'

const original: Answer[] = [
  { prompt: [1], ids: [1, 2, 3, 4] },
  { prompt: [2], ids: [5, 6, 7, 8] },
]
const changed: Answer[] = [original[0]!, { prompt: [2], ids: [5, 6, 9, 9] }]
const rating = (nats: number, gaps: number[] = []): Rating => ({ nats, tokens: 100, gaps })
const lossless: Gate = { lossless: true, maxLoss: DEFAULT_LOSS, allowsOthers: false }
const lossy: Gate = { ...lossless, lossless: false }

test('lossless: equal or refused, however near the tie', () => {
  expect(judge(original, original, null, lossless)).toEqual({
    passes: true,
    equality: {
      ...{ prompts: 2, tokensPerPrompt: 4, equal: 2, nearTies: 0, perplexityRatio: null },
      sentence: 'all tokens are equal (2 prompts × 4 tokens, greedy)',
    },
  })
  const near = { original: rating(200, [0.001]), other: rating(200) }
  expect(judge(original, changed, near, lossless)).toMatchObject({
    passes: false,
    equality: {
      equal: 1,
      nearTies: 1,
      sentence: '1 of 2 prompts × 4 tokens are equal token by token; 1 first differ at a near tie (logits closer than 0.5)',
    },
  })
})

test('lossy: near ties count, with perplexity within the limit', () => {
  const passing = { original: rating(200, [NEAR_TIE / 2]), other: rating(200.9) }
  const { passes, equality } = judge(original, changed, passing, lossy)
  expect(passes).toBe(true)
  // exp(0.009)
  expect(equality.perplexityRatio).toBeCloseTo(1.00904, 5)
  expect(equality.sentence).toMatch(/1 first differ at a near tie .*; perplexity rises by 0\.90 %$/)
  const worse = judge(original, changed, { ...passing, other: rating(201.05) }, lossy)
  expect(worse).toMatchObject({
    passes: false,
    equality: { sentence: expect.stringMatching(/rises by 1\.1 %, more than the 1\.0 % allowed$/) },
  })
})

test('lossy: another token where the original was decided is refused, as of onnxruntime#29849, unless the user allows a loss', () => {
  const decided = { original: rating(200, [NEAR_TIE]), other: rating(200.1) }
  const refused = judge(original, changed, decided, lossy)
  expect(refused.passes).toBe(false)
  expect(refused.equality.sentence).toContain('1 first differ without a near tie')
  const allowed = judge(original, changed, decided, { ...lossy, maxLoss: 0.05, allowsOthers: true })
  expect(allowed.passes).toBe(true)
  expect(allowed.equality).toMatchObject({ equal: 1, nearTies: 0 })
})

test('lossy: equal tokens are not enough without a rating', () => {
  expect(judge(original, original, null, lossy).passes).toBe(false)
  expect(judge(original, original, { original: rating(200), other: rating(250) }, lossy).passes).toBe(false)
  expect(judge(original, changed, null, lossy).equality.sentence).toContain(
    '1 differ, and no logits say how clear the choice was',
  )
})

test('lossy: the metric of the user decides instead of perplexity and near ties', () => {
  const scores = (after: number) => ({ metric: { name: 'score.mjs', before: 0.9, after }, loss: 0.9 - after })
  const passing = judge(original, changed, scores(0.89), lossy)
  expect(passing).toEqual({
    passes: true,
    equality: {
      ...{ prompts: 2, tokensPerPrompt: 4, equal: 1, nearTies: 0, perplexityRatio: null },
      metric: { name: 'score.mjs', before: 0.9, after: 0.89 },
      sentence: '1 of 2 prompts × 4 tokens are equal token by token; score.mjs 0.900 to 0.890',
    },
  })
  const refused = judge(original, changed, scores(0.8), lossy)
  expect(refused.passes).toBe(false)
  expect(refused.equality.sentence).toMatch(/score\.mjs 0\.900 to 0\.800: a loss of 0\.10, more than the 0\.01 allowed$/)
  expect(judge(original, changed, scores(0.95), lossless).passes).toBe(false)
  // What sums of shares are off by in their last digits is no loss.
  const at = (loss: number) => judge(original, changed, { ...scores(0.89), loss: DEFAULT_LOSS + loss }, lossy).passes
  expect([at(0.95e-9), at(1.05e-9)]).toEqual([true, false])
})
