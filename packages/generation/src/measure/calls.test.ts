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

test('chunks of which nobody says how many tokens they hold are no tokens', () => {
  const unknown = callOf(generation({ generatedTokens: null }), PROMPT, false)
  expect(unknown).toMatchObject({ newTokens: null, perTokenMs: null, gapsMs: [40, 40], gapsAre: 'chunks' })
  // Ids are told one by one: these are tokens, whoever counts them.
  const ids = [50, 90, 130].map((atMs, id) => ({ id, text: null, atMs }))
  const counted = callOf(generation({ tokens: ids, generatedTokens: null }), PROMPT, false)
  expect(counted).toMatchObject({ newTokens: 3, perTokenMs: 40, gapsAre: 'tokens' })
})

test('gaps are between tokens if there are as many chunks as tokens, but for one that ends the text', () => {
  const are = (generatedTokens: number) => callOf(generation({ generatedTokens }), PROMPT, false).gapsAre
  expect([are(3), are(4), are(5)]).toEqual(['tokens', 'tokens', 'chunks'])
})
