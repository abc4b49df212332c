import { expect, test } from 'vitest'
import { budgetFor, budgetPlan, type Pace, PROOF_PROMPTS } from './budget.ts'

/** A process takes 250 ms to start, 750 to open, and three calls of 500 + 48 × 12.5 = 1100 ms: 4.3 s. */
const pace: Pace = { openMs: 750, firstMs: 500, perTokenMs: 12.5 }

test('the default grows with the time of a token: six candidates in four pairs', () => {
  // 6 × 2 × 4 × 4.3 s = 206.4.
  expect(budgetFor(null, pace, PROOF_PROMPTS)).toMatchObject({ seconds: 207, isDefault: true })
  expect(budgetFor(60, pace, PROOF_PROMPTS)).toMatchObject({ seconds: 60, isDefault: false })
})

test('the default is 75 s at least and 15 minutes at most', () => {
  expect(budgetFor(null, { openMs: 1, firstMs: 1, perTokenMs: 1 }, PROOF_PROMPTS).seconds).toBe(75)
  expect(budgetFor(null, { openMs: 1e4, firstMs: 1e4, perTokenMs: 1000 }, PROOF_PROMPTS).seconds).toBe(900)
})

test('the proof takes both answers to 20 prompts, of 128 tokens, and four pairs', () => {
  // 2 × 20 × (500 + 128 × 12.5) + 2 × 4 × 4300 = 118.4 s.
  expect(budgetFor(60, pace, PROOF_PROMPTS).proofSeconds).toBe(119)
  expect(budgetPlan(budgetFor(null, pace, PROOF_PROMPTS))).toBe(
    'Then the remedies: about 3.5 minutes (--budget 60s for less), and the proof on 20 prompts × 128 tokens: about 2 minutes.',
  )
})
