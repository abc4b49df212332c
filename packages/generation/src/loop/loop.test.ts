import { describe, expect, test } from 'vitest'
import { type RuleOptions, ruleGenerator } from '../../test/support/rule-generator.ts'
import type { Sampling } from '../generator.ts'
import { type LoopEnd, type LoopRequest, type LoopSetup, openLoop, withLoop } from './loop.ts'

const greedy: Sampling = { kind: 'greedy' }
const PLAIN: LoopSetup = { prefixCache: true, lookup: null }
const LOOKUP: LoopSetup = { prefixCache: true, lookup: { most: 8, least: 2 } }

const request = (changes: Partial<LoopRequest> = {}): LoopRequest => ({
  ...{ prompt: [1, 2, 3], maxNewTokens: 12, sampling: greedy, stop: [] },
  ...changes,
})

async function all(loop: ReturnType<typeof openLoop>, asked: LoopRequest): Promise<LoopEnd & { ids: number[]; text: string }> {
  const [ids, texts]: [number[], string[]] = [[], []]
  const running = loop.generate(asked)
  for (;;) {
    const { value, done } = await running.next()
    if (done) return { ...value, ids, text: texts.join('') + value.rest }
    ids.push(value.id)
    texts.push(value.text)
  }
}

/** The tokens, by the rule itself. */
function byRule(prompt: readonly number[], count: number): number[] {
  const ids = [...prompt]
  for (let k = 0; k < count; k++) ids.push((3 * ids.at(-1)! + (ids.at(-2) ?? 0) + 1) % 26)
  return ids.slice(prompt.length)
}

test('a call for the prompt, and one for each token after the first', async () => {
  const generator = ruleGenerator()
  const { ids, text, ...end } = await all(openLoop(generator, PLAIN), request())
  expect(ids).toEqual(byRule([1, 2, 3], 12))
  expect(text).toBe(ids.map((id) => String.fromCharCode(97 + id)).join(''))
  expect(generator.calls).toEqual([3, ...Array(11).fill(1)])
  expect(end).toMatchObject({ promptTokens: 3, cachedTokens: 0, generatedTokens: 12, ended: 'length' })
})

test('a call that is aborted before its turn computes nothing', async () => {
  const generator = ruleGenerator()
  const end = await all(openLoop(generator, PLAIN), request({ signal: AbortSignal.abort() }))
  expect(end).toMatchObject({ ended: 'aborted', ids: [], generatedTokens: 0, cachedTokens: 0 })
  expect(generator.calls).toEqual([])
})

describe('lookup', () => {
  // The rule runs in a circle of 4 of these: what was seen comes again.
  const circling: RuleOptions = { next: (ids) => [5, 6, 7, 8][ids.length % 4]! }

  test('the same tokens with fewer calls where text repeats', async () => {
    const [plain, looked] = [ruleGenerator(circling), ruleGenerator(circling)]
    const asked = request({ maxNewTokens: 40 })
    const expected = await all(openLoop(plain, PLAIN), asked)
    const found = await all(openLoop(looked, LOOKUP), asked)
    expect(found.ids).toEqual(expected.ids)
    expect(found.text).toBe(expected.text)
    expect(looked.calls.length).toBeLessThan(plain.calls.length / 2)
    expect(found.rightTokens).toBeGreaterThan(20)
  })

  test('the same tokens where every guess is wrong, and the cache holds no guess', async () => {
    // What follows depends on how many tokens there are: no repetition continues.
    const tricky: RuleOptions = { next: (ids) => (ids.length % 3 === 0 ? (ids.length * 5) % 26 : [1, 2][ids.length % 2]!) }
    const generator = ruleGenerator(tricky)
    const loop = openLoop(generator, LOOKUP)
    const expected = await all(openLoop(ruleGenerator(tricky), PLAIN), request({ maxNewTokens: 60 }))
    const found = await all(loop, request({ maxNewTokens: 60 }))
    expect(found.ids).toEqual(expected.ids)
    expect(found.guessedTokens).toBeGreaterThan(found.rightTokens)
    // The call after it starts from what the cache holds.
    const again = request({ prompt: [1, 2, 3, ...found.ids.slice(0, 20)], maxNewTokens: 5 })
    expect((await all(loop, again)).ids).toEqual(expected.ids.slice(20, 25))
  })

  test('never more tokens than were wanted', async () => {
    for (const maxNewTokens of [1, 2, 3, 9])
      expect((await all(openLoop(ruleGenerator(circling), LOOKUP), request({ maxNewTokens }))).ids).toHaveLength(maxNewTokens)
  })

  test('no guesses where tokens are drawn', async () => {
    const sampling: Sampling = { kind: 'sample', temperature: 1, topK: 5, topP: null, seed: 1 }
    const found = await all(openLoop(ruleGenerator(circling), LOOKUP), request({ sampling, maxNewTokens: 30 }))
    expect(found.guessedTokens).toBe(0)
  })
})

describe('the prefix cache', () => {
  test('feeds what differs, and the same prompt again but for its last token', async () => {
    const generator = ruleGenerator()
    const loop = openLoop(generator, PLAIN)
    const first = await all(loop, request({ prompt: [1, 2, 3, 4], maxNewTokens: 1 }))
    expect((await all(loop, request({ prompt: [1, 2, 3, 9, 9], maxNewTokens: 1 }))).cachedTokens).toBe(3)
    const again = await all(loop, request({ prompt: [1, 2, 3, 9, 9], maxNewTokens: 1 }))
    expect(again.cachedTokens).toBe(4)
    expect(generator.calls).toEqual([4, 2, 1])
    expect(again.ids).toEqual(byRule([9, 9], 1))
    expect(first.ids).toEqual(byRule([3, 4], 1))
  })

  test('off: everything is fed', async () => {
    const generator = ruleGenerator()
    const loop = openLoop(generator, { ...PLAIN, prefixCache: false })
    for (let k = 0; k < 2; k++) await all(loop, request({ maxNewTokens: 1 }))
    expect(generator.calls).toEqual([3, 3])
  })
})

describe('a state that cannot be cut', () => {
  test('begins anew where the prompt differs, and goes on where it does not', async () => {
    const generator = ruleGenerator({ canCut: false })
    const loop = openLoop(generator, PLAIN)
    const first = await all(loop, request({ prompt: [1, 2, 3], maxNewTokens: 2 }))
    // It holds the prompt and the first token.
    expect((await all(loop, request({ prompt: [1, 2, 3, ...first.ids], maxNewTokens: 1 }))).cachedTokens).toBe(4)
    const other = await all(loop, request({ prompt: [1, 2, 9], maxNewTokens: 1 }))
    expect(other).toMatchObject({ cachedTokens: 0, ids: byRule([2, 9], 1) })
    expect(generator.calls).toEqual([3, 1, 1, 3])
  })

  test('guesses nothing', async () => {
    const circling: RuleOptions = { next: (ids) => [5, 6, 7, 8][ids.length % 4]!, canCut: false }
    expect(await all(openLoop(ruleGenerator(circling), LOOKUP), request({ maxNewTokens: 30 }))).toMatchObject({
      guessedTokens: 0,
    })
  })
})

test('an engine that gives the last logits only cannot check guesses', async () => {
  const circling: RuleOptions = { next: (ids) => [5, 6, 7, 8][ids.length % 4]!, lastOnly: true }
  await expect(all(openLoop(ruleGenerator(circling), LOOKUP), request({ maxNewTokens: 30 }))).rejects.toThrow(
    /logits of 1 positions of \d/,
  )
})

test('a prompt of more tokens than a call has arguments', async () => {
  const prompt = new Array(200_000).fill(1)
  const quick: RuleOptions = { context: 300_000, lastOnly: true, next: () => 2 }
  expect((await all(openLoop(ruleGenerator(quick), PLAIN), request({ prompt, maxNewTokens: 1 }))).promptTokens).toBe(200_000)
})

describe('how a call ends', () => {
  test('with a token that ends texts, which is not given', async () => {
    const [third] = byRule([1, 2, 3], 3).slice(2)
    const asked = request({ maxNewTokens: 12 })
    const found = await all(openLoop(ruleGenerator({ endIds: [third!] }), PLAIN), asked)
    expect(found).toMatchObject({ ended: 'end', ids: byRule([1, 2, 3], 2), generatedTokens: 3 })
    const ignoring = await all(openLoop(ruleGenerator({ endIds: [third!] }), PLAIN), { ...asked, ignoreEnd: true })
    expect(ignoring.ids).toHaveLength(12)
  })

  test('before a stop text, though tokens cut it', async () => {
    const text = byRule([1, 2, 3], 12)
      .map((id) => String.fromCharCode(97 + id))
      .join('')
    const found = await all(openLoop(ruleGenerator(), PLAIN), request({ stop: [text.slice(4, 7)] }))
    expect(found).toMatchObject({ ended: 'stop', text: text.slice(0, 4), generatedTokens: 7 })
    const never = await all(openLoop(ruleGenerator(), PLAIN), request({ stop: [`${text.slice(-2)}#`] }))
    expect(never).toMatchObject({ ended: 'length', text })
  })

  test('where the context is full', async () => {
    const found = await all(openLoop(ruleGenerator({ context: 8 }), LOOKUP), request({ maxNewTokens: 100 }))
    expect(found).toMatchObject({ ended: 'length', generatedTokens: 5 })
  })

  test('by its signal, or when nobody reads on: the next call begins anew', async () => {
    const generator = ruleGenerator()
    const loop = openLoop(generator, PLAIN)
    const controller = new AbortController()
    const running = loop.generate(request({ signal: controller.signal }))
    await running.next()
    controller.abort()
    expect(await running.next()).toMatchObject({ done: true, value: { ended: 'aborted', generatedTokens: 1 } })
    for await (const _ of loop.generate(request())) break
    expect((await all(loop, request({ maxNewTokens: 1 }))).cachedTokens).toBe(0)
  })

  test('by the call that waits behind it, or by closing, if its reader is gone', async () => {
    const loop = openLoop(ruleGenerator(), PLAIN, { leftAfterMs: 20 })
    const left = loop.generate(request())
    await left.next()
    const [a, b] = await Promise.all([all(loop, request({ prompt: [4, 5] })), all(loop, request())])
    expect([a.ids, b.ids]).toEqual([byRule([4, 5], 12), byRule([1, 2, 3], 12)])
    await expect(left.next()).rejects.toThrow('another call took over')
    expect((await all(loop, request())).cachedTokens).toBe(2)
    await loop.generate(request()).next()
    await loop.close()
  })

  test('calls wait for each other', async () => {
    const loop = openLoop(ruleGenerator(), PLAIN)
    const [a, b] = await Promise.all([all(loop, request()), all(loop, request({ prompt: [4, 5] }))])
    expect([a.ids, b.ids]).toEqual([byRule([1, 2, 3], 12), byRule([4, 5], 12)])
  })
})

test.each([
  [{ prompt: [] }, /the prompt has no tokens/],
  [{ prompt: '' }, /the prompt has no tokens/],
  [{ prompt: [1, 99] }, /the prompt holds 99, which is not an id of the 26 tokens/],
  [{ prompt: [1, 1.5] }, /the prompt holds 1\.5/],
  [{ maxNewTokens: 0 }, /0 new tokens: give a whole number from 1/],
  [{ maxNewTokens: 2.5 }, /2\.5 new tokens: give a whole number from 1/],
  [{ prompt: Array(512).fill(1) }, /the prompt has 512 tokens, and the model's context holds 512; shorten it/],
])('%o is refused, and the loop goes on', async (changes, message) => {
  const loop = openLoop(ruleGenerator(), PLAIN)
  await expect(all(loop, request(changes))).rejects.toThrow(message)
  expect((await all(loop, request())).ids).toHaveLength(12)
})

test('a generator with the loop answers as the port says', async () => {
  const generator = withLoop(ruleGenerator(), LOOKUP)
  const seen: (number | null)[] = []
  const found = await generator.generate({ prompt: 'abc', newTokens: 6, ignoreEnd: true, sampling: greedy, stop: [] }, ({ id }) =>
    seen.push(id),
  )
  expect(found.tokens.map(({ id }) => id)).toEqual(byRule([0, 1, 2], 6))
  expect(seen).toEqual(byRule([0, 1, 2], 6))
  expect(found).toMatchObject({ promptTokens: 3, cachedTokens: 0, generatedTokens: 6, ended: 'length' })
  await expect(() => openLoop({ ...generator, start: null }, PLAIN)).toThrow('engine scripted has a loop of its own')
})
