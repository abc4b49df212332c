import { type MockAsked, mockAnswers } from '@whyslow/measure/support/streams/mock-answers.ts'
import type { MockSchedule } from '@whyslow/measure/support/streams/mock-engine.ts'
import { expect, test } from 'vitest'
import { StreamReader } from './stream-reader.ts'
import { lastMs, StreamTally, type StreamTimes, timePerTokenOf, tokenCountOf } from './stream-times.ts'

const PATHS = ['/v1/chat/completions', '/v1/completions', '/v1/responses', '/completion', '/api/generate']
const PROMPT = 'one two three four five'

/** What a client sees of each answer; bytes come in pieces of `bytesAtOnce`. */
function seen(schedule: Partial<MockSchedule>, path: string, asked: readonly MockAsked[], bytesAtOnce = 7): StreamTimes[] {
  return mockAnswers(schedule, path, asked).map(({ pieces }) => {
    const [reader, tally] = [new StreamReader(), new StreamTally()]
    let lastMs = 0
    for (const { atMs, bytes } of pieces) {
      lastMs = atMs
      for (let at = 0; at < bytes.length; at += bytesAtOnce)
        for (const piece of reader.add(bytes.subarray(at, at + bytesAtOnce))) tally.add(piece, atMs)
    }
    for (const piece of reader.end()) tally.add(piece, lastMs)
    return tally.times()
  })
}

const one = (newTokens: number, endsAfter?: number): MockAsked[] => [
  { atMs: 0, prompt: PROMPT, newTokens, ...(endsAfter === undefined ? {} : { endsAfter }) },
]

test.each(PATHS)('%s: four tokens a chunk, and the time per token is that of the schedule', (path) => {
  for (const newTokens of [8, 61, 62, 63, 64, 200]) {
    const [times] = seen({ tokensPerChunk: 4, tokenMs: 10 }, path, one(newTokens))
    const count = tokenCountOf(times!)
    expect(count).toEqual({ tokens: newTokens, by: 'usage' })
    expect(times!.chunksMs.length).toBe(Math.ceil(newTokens / 4))
    // Within 1 %: from 61 tokens on it is the last chunk, which may be short, that is not told from the others.
    const perToken = timePerTokenOf(times!, count)!
    expect(Math.abs(perToken / 10 - 1)).toBeLessThan(0.01)
    // Chunks counted as tokens would be four times as slow.
    const gaps = times!.chunksMs.at(-1)! - times!.chunksMs[0]!
    expect(gaps / (times!.chunksMs.length - 1)).toBeGreaterThan(30)
  }
})

test('the first token alone, then bundles', () => {
  const [times] = seen({ tokensPerChunk: 8, firstChunkTokens: 1, tokenMs: 10 }, '/v1/chat/completions', one(201))
  expect(timePerTokenOf(times!, tokenCountOf(times!))! / 10).toBeCloseTo(1, 1)
  const [listed] = seen({ tokensPerChunk: 8, firstChunkTokens: 1, tokenMs: 10 }, '/completion', one(201))
  expect(timePerTokenOf(listed!, tokenCountOf(listed!))).toBeCloseTo(10, 10)
})

test('a token that ends the text has no chunk, and its time counts', () => {
  for (const path of PATHS) {
    const [times] = seen({ tokenMs: 10 }, path, one(500, 40))
    expect(times!.ended).toBe('end')
    expect(tokenCountOf(times!)).toEqual({ tokens: 41, by: 'usage' })
    expect(timePerTokenOf(times!, tokenCountOf(times!))).toBeCloseTo(10, 10)
  }
})

test('whoever counts texts or lists does not count the token that ends the text: nor is its step timed', () => {
  const [listed] = seen({ usage: false, tokenMs: 10 }, '/completion', one(500, 16))
  expect(tokenCountOf(listed!)).toEqual({ tokens: 16, by: 'listed' })
  expect(timePerTokenOf(listed!, tokenCountOf(listed!))).toBeCloseTo(10, 10)
  const [plain] = seen({ usage: false, tokenMs: 10, tokensPerChunk: 4 }, '/v1/chat/completions', one(500, 16))
  const count = tokenCountOf(plain!, 16)
  expect(lastMs(plain!, count)! - plain!.chunksMs[0]!).toBe(120)
  expect(timePerTokenOf(plain!, count)).toBeCloseTo(10, 10)
})

test('without usage, lists or a tokenizer nobody knows the tokens', () => {
  const [times] = seen({ usage: false, tokensPerChunk: 4 }, '/v1/chat/completions', one(64))
  expect(tokenCountOf(times!)).toBeNull()
  expect(timePerTokenOf(times!, null)).toBeNull()
  expect(tokenCountOf(times!, 64)).toEqual({ tokens: 64, by: 'tokenizer' })
  const [listed] = seen({ usage: false, tokensPerChunk: 4 }, '/completion', one(64))
  expect(tokenCountOf(listed!)).toEqual({ tokens: 64, by: 'listed' })
})

test('what the server says of its prompt', () => {
  const twice: MockAsked[] = [...one(4), { atMs: 1000, prompt: `${PROMPT} six`, newTokens: 4 }]
  const schedule = { prefixCache: true, prefillMsPerToken: 3 }
  for (const path of ['/v1/chat/completions', '/v1/responses', '/completion'])
    expect(seen(schedule, path, twice).map(({ usage }) => [usage!.promptTokens, usage!.cachedTokens])).toEqual([
      [5, 0],
      [6, 5],
    ])
  // ollama counts what it read.
  expect(seen(schedule, '/api/generate', twice).map(({ usage }) => [usage!.promptTokens, usage!.prefillMs])).toEqual([
    [5, 15],
    [1, 3],
  ])
})

test('all tokens in one chunk have no time each', () => {
  const [times] = seen({ tokensPerChunk: 64 }, '/v1/chat/completions', one(64))
  expect(timePerTokenOf(times!, tokenCountOf(times!))).toBeNull()
})
