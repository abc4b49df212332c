import { expect, test } from 'vitest'
import { tokenRequest } from '../recordings/token-requests.ts'
import { tokenFacts } from './token-facts.ts'

test('means are over the requests that tell a number, by how many a row stands for', () => {
  const { facts } = tokenFacts([
    tokenRequest({ count: 3, promptTokens: 100, promptMs: 10, tokenMs: 5 }),
    tokenRequest({ promptTokens: 300, tokenMs: 9 }),
    tokenRequest({ decodeMs: 40 }),
  ])
  // (3 · 100 + 300) / 4 and (3 · 5 + 9) / 4.
  expect(facts).toMatchObject({ requests: 5, promptTokens: 150, tokenMs: 6, cachedTokens: null, firstTokenMs: 10 })
})

test('parts add up to a request, with what is not told apart', () => {
  const { facts, requestMs } = tokenFacts([
    tokenRequest({ loadMs: 5, promptMs: 20, firstTokenMs: 40, decodeMs: 100, samplingMs: 3, detokenizeMs: 2, totalMs: 150 }),
  ])
  expect(facts.parts).toEqual({
    load: 5,
    tokenize: 0,
    prompt: 20,
    firstToken: 15,
    decode: 100,
    sampling: 3,
    detokenize: 2,
    other: 5,
  })
  expect(requestMs).toBe(150)
  expect(facts.firstTokenMs).toBe(40)
})

test('a load after the first is one again, if it takes long', () => {
  const loads = (...all: readonly (number | null)[]) =>
    tokenFacts(all.map((loadMs) => tokenRequest({ loadMs, totalMs: 1 }))).facts.reloads
  expect(loads(900, 190, 210, 410)).toEqual({ share: 2 / 3, ms: 310 })
  expect(loads(900, 10)).toEqual({ share: 0, ms: 0 })
  expect(loads(900)).toBeNull()
  expect(loads(900, null)).toBeNull()
})

test('gaps of all requests together, or the percentiles that are told', () => {
  const each = tokenFacts([tokenRequest({ gaps: [1, 2] }), tokenRequest({ gaps: [3] })]).facts.gaps
  expect(each).toEqual({ p50Ms: 2, p99Ms: 3 })
  const told = tokenFacts([tokenRequest({ gaps: { p50Ms: 4, p99Ms: 8 } }), tokenRequest({ gaps: { p50Ms: null, p99Ms: null } })])
    .facts.gaps
  expect(told).toEqual({ p50Ms: 4, p99Ms: 8 })
  expect(tokenFacts([tokenRequest({ totalMs: 1 })]).facts.gaps).toBeNull()
})

test('tests of a benchmark have their names', () => {
  const { facts } = tokenFacts([
    tokenRequest({ name: 'pp512', count: 5, promptMs: 40 }),
    tokenRequest({ name: 'tg128', count: 5, decodeMs: 90 }),
  ])
  expect(facts.tests).toEqual([
    { name: 'pp512', ms: 40 },
    { name: 'tg128', ms: 90 },
  ])
  expect(facts.requests).toBe(2)
})
