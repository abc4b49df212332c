import { describe, expect, test } from 'vitest'
import { ruleGenerator } from '../../test/support/rule-generator.ts'
import type { Generator } from '../generator.ts'
import { withLoop } from '../loop/loop.ts'
import { answersOf, divergenceOf, ratingOf } from './answers.ts'
import { SHIPPED_LOOP } from './setup.ts'

const loop = (generator = ruleGenerator()) => withLoop(generator, SHIPPED_LOOP)

test('answers are as long as wanted, past tokens that end texts', async () => {
  const ends = Array.from({ length: 26 }, (_, id) => id)
  const [first, second] = await answersOf(loop(ruleGenerator({ endIds: ends })), [[1, 2], [3]], 5)
  // (3a + b + 1) mod 26 of the last two tokens.
  expect(first).toEqual({ prompt: [1, 2], ids: [8, 1, 12, 12, 23], text: '' })
  expect(second!.ids).toHaveLength(5)
})

test('the text of an answer ends where a user would see it end', async () => {
  const [answer] = await answersOf(loop(ruleGenerator({ endIds: [12] })), [[1, 2]], 5)
  expect(answer).toMatchObject({ ids: [8, 1, 12, 12, 23], text: 'ib' })
  const [silent] = await answersOf({ ...loop(), decode: null }, [[1, 2]], 2)
  expect(silent!.text).toBe('ib')
})

test('an engine without ids cannot be compared', async () => {
  const generator = { ...loop(), generate: async () => ({ tokens: [{ id: null, text: 'a', atMs: 1 }] }) as never }
  await expect(answersOf(generator, [[1]], 2)).rejects.toThrow('engine scripted gives texts and no ids')
})

test('the first difference', () => {
  const answer = (ids: number[]) => ({ prompt: [1], ids })
  expect(divergenceOf(answer([1, 2, 3]), answer([1, 2, 3]))).toBeNull()
  expect(divergenceOf(answer([1, 2, 3]), answer([1, 9, 9]))).toEqual({ at: 1, chosen: 9 })
  expect(divergenceOf(answer([1, 2, 3]), answer([1, 2]))).toEqual({ at: 2, chosen: -1 })
})

describe('a text that is fed', () => {
  // Two tokens: the logits of the next are 0 and ln 3 after an even number of tokens, as 1 to 3; even after an odd number.
  const two = ruleGenerator({
    vocabulary: 2,
    next: () => 0,
    bend(logits, ids) {
      logits[0] = 0
      logits[1] = ids.length % 2 === 0 ? Math.log(3) : 0
    },
  })

  test('costs the logarithms of its probabilities', async () => {
    const { nats, tokens } = await ratingOf(two, [{ ids: [0, 1, 1, 0], divergence: null }])
    // Token 1 after one token: 1/2; token 1 after two: 3/4; token 0 after three: 1/2.
    expect(nats).toBeCloseTo(2 * Math.log(2) + Math.log(4 / 3), 5)
    expect(tokens).toBe(3)
  })

  test('in pieces, as if it were fed whole', async () => {
    const ids = Array.from({ length: 150 }, (_, at) => at % 2)
    const { nats, tokens, gaps } = await ratingOf(two, [
      { ids, divergence: null },
      { ids, divergence: { at: 130, chosen: 0 } },
    ])
    expect(tokens).toBe(149)
    // Token at index n is n % 2: token 1 comes after an odd number of tokens (1/2), token 0 after an even one (1/4).
    expect(nats).toBeCloseTo(75 * Math.log(2) + 74 * Math.log(4), 3)
    // Another chose token 0 after 130 tokens, where token 1 is better by ln 3; that text is not rated.
    expect(gaps).toEqual([expect.closeTo(Math.log(3), 5)])
  })

  test('behind an encoder: what the decoder begins with is fed, and not rated', async () => {
    const read: unknown[] = []
    const start: Generator['start'] = (_, source) => {
      read.push(source)
      return two.start!()
    }
    const behind = { ...two, beginning: { ids: [0, 1], process: null }, start }
    const { nats, tokens, gaps } = await ratingOf(behind, [
      { source: [7], ids: [1, 0], divergence: null },
      { source: [8], ids: [1, 0], divergence: { at: 0, chosen: 0 } },
    ])
    // Token 1 after two: 3/4; token 0 after three: 1/2. Another chose token 0 after two, where token 1 is better by ln 3.
    expect(nats).toBeCloseTo(Math.log(4 / 3) + Math.log(2), 5)
    expect([tokens, gaps, read]).toEqual([2, [expect.closeTo(Math.log(3), 5)], [[7], [8]]])
  })

  test("behind an encoder: what comes after the end of an answer is not rated; a choice is as clear as after the files' changes", async () => {
    const process = (logits: Float32Array) => logits.fill(-9, 1)
    const behind = { ...two, endIds: [0], beginning: { ids: [0, 1], process } }
    const { tokens, gaps } = await ratingOf(behind, [
      { source: [7], ids: [1, 0, 1, 1], divergence: null },
      { source: [8], ids: [1, 0], divergence: { at: 0, chosen: 0 } },
    ])
    // Token 1, and token 0 that ends it. Token 1 is suppressed, so that nothing is better than token 0.
    expect([tokens, gaps]).toEqual([2, [0]])
  })

  test('is not rated by the logits of its last position', async () => {
    const last = ruleGenerator({ lastOnly: true })
    await expect(ratingOf(last, [{ ids: [0, 1, 1, 0], divergence: null }])).rejects.toThrow(
      'engine scripted gave logits of 1 positions of 4',
    )
  })

  test('takes an engine that shows logits', async () => {
    await expect(ratingOf({ ...two, start: null }, [])).rejects.toThrow('engine scripted shows no logits')
  })
})
