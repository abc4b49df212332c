import { expect, test } from 'vitest'
import type { Generation } from '../generator.ts'
import { callOf } from './calls.ts'

const chunks = (times: readonly number[]) => times.map((atMs, k) => ({ id: null, text: `t${k}`, atMs }))
const generation = (changed: Partial<Generation>): Generation => ({
  tokens: chunks([50, 90, 130]),
  promptTokens: 3,
  cachedTokens: null,
  generatedTokens: 12,
  ended: 'length',
  totalMs: 131,
  parts: {},
  ...changed,
})
const PROMPT = { given: 'a b c', tokenizeMs: null }

test('chunks of several tokens: the time per token is the engine’s own, or by what a mean chunk holds', () => {
  // Four tokens a chunk: those of the last two took 80 ms.
  expect(callOf(generation({}), PROMPT, false).perTokenMs).toBeCloseTo(10)
  // The engine knows that the first chunk held one.
  expect(callOf(generation({ timePerTokenMs: 80 / 11 }), PROMPT, false).perTokenMs).toBeCloseTo(80 / 11)
})
