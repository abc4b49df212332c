import { expect, test } from 'vitest'
import { budgetFor, budgetPlan, firstOf, lookTokens, type Pace, PROOF_PROMPTS } from './budget.ts'

/** A process takes 250 ms to start, 750 to open, and a cold call of 500 + 4 × 12.5 and three of 500 + 48 × 12.5 ms: 4.85 s. */
const pace: Pace = { openMs: 750, firstMs: 500, perTokenMs: 12.5 }

test('the default grows with the time of a token: six candidates in four pairs', () => {
  // 6 × 2 × 4 × 4.85 s = 232.8.
  expect(budgetFor(null, pace, PROOF_PROMPTS)).toMatchObject({ seconds: 233, isDefault: true })
  expect(budgetFor(60, pace, PROOF_PROMPTS)).toMatchObject({ seconds: 60, isDefault: false })
})

test('the default is 75 s at least and 15 minutes at most', () => {
  expect(budgetFor(null, { openMs: 1, firstMs: 1, perTokenMs: 1 }, PROOF_PROMPTS).seconds).toBe(75)
  expect(budgetFor(null, { openMs: 1e4, firstMs: 1e4, perTokenMs: 1000 }, PROOF_PROMPTS).seconds).toBe(900)
})

test('the proof takes both answers to 20 prompts, of 128 tokens, and four pairs', () => {
  // 2 × 20 × (500 + 128 × 12.5) + 2 × 4 × 4850 = 122.8 s.
  expect(budgetFor(60, pace, PROOF_PROMPTS).proofSeconds).toBe(123)
  expect(budgetPlan(budgetFor(null, pace, PROOF_PROMPTS))).toBe(
    'Then the remedies: about 3.9 minutes (--budget 60s for less), and the proof on 20 prompts × 128 tokens: about 2 minutes.',
  )
})

test('a first look is at six prompts, of 48 tokens', () => {
  expect(firstOf([1, 2, 3, 4, 5, 6, 7])).toEqual([1, 2, 3, 4, 5, 6])
  expect([20, 48, 128].map(lookTokens)).toEqual([20, 48, 48])
})
