import { expect, test } from 'vitest'
import { exampleStreams } from '../../test/support/load/example-streams.ts'
import { parseGoodput } from './goodput.ts'
import { pointOf } from './point.ts'
import { OUTCOME } from './records.ts'
import { StreamLog } from './stream-log.ts'
import { streamsOf } from './streams.ts'

/** One request after another: no stream waits for another. */
const ALONE = { ratePerSecond: 1, promptTokens: 20, newTokens: 64 }

test.each(['/v1/chat/completions', '/completion', '/api/generate'])(
  '%s: four tokens a chunk, and the time per token is that of the schedule within 1 %',
  (path) => {
    const streams = streamsOf(exampleStreams({ ...ALONE, path, schedule: { tokensPerChunk: 4, tokenMs: 4 } }))
    expect(streams).toMatchObject({ streams: 60, countedBy: 'usage', tokensPerStream: 64, tokensPerChunk: 4 })
    expect(Math.abs(streams.timePerTokenMs!.p50! / 4 - 1)).toBeLessThan(0.01)
    // A counter of chunks would say four times as much.
    expect(streams.betweenChunksMs!.p50).toBeCloseTo(16, 6)
    // 20 tokens of the prompt at 1 ms, its first token with them, and three more.
    expect(streams.firstTokenMs!.p50).toBeCloseTo(20 + 3 * 4, 6)
    expect(streams.tokensPerSecond).toBeCloseTo(64, 6)
  },
)

test('tokens that nobody counts', () => {
  const run = exampleStreams({ ...ALONE, schedule: { tokensPerChunk: 4, tokenMs: 4, usage: false } })
  const unknown = streamsOf(run)
  expect(unknown).toMatchObject({ countedBy: null, timePerTokenMs: null, tokensPerSecond: null, tokensPerChunk: null })
  expect(unknown.reasons.timePerTokenMs).toMatch(/chunks are not tokens/)
  // Each token is a word.
  const words = (text: string) => text.trim().split(' ').length
  const counted = streamsOf({ ...run, countTokens: words })
  expect(counted).toMatchObject({ countedBy: 'tokenizer', tokensPerStream: 64 })
  expect(counted.timePerTokenMs!.p50).toBeCloseTo(4, 6)
})

test('goodput counts the requests that keep both times', () => {
  const run = exampleStreams({ schedule: { tokenMs: 4 }, ratePerSecond: 3 })
  const good = (bounds: string) => streamsOf({ ...run, goodput: parseGoodput(bounds) }).goodput!
  expect(good('first<1s,token<1s')).toMatchObject({ good: 180, share: 1, perSecond: 3 })
  expect(good('token<3ms')).toMatchObject({ good: 0, firstTokenMs: null, timePerTokenMs: 3 })
  // Some arrive while another prompt is read.
  const { good: some } = good('first<20.5ms')
  expect(some).toBeGreaterThan(90)
  expect(some).toBeLessThan(180)
  expect(good('first<20.5ms,token<4.2ms').good).toBeLessThan(some)
})

test('prompts that repeat, and what the prefix cache held of them', () => {
  const cached = streamsOf(exampleStreams({ ...ALONE, prompts: 2, schedule: { prefixCache: true } }))
  expect(cached.repeatedShare).toBeGreaterThan(0.95)
  expect(cached.cachedShare).toBeGreaterThan(0.9)
  expect(streamsOf(exampleStreams({ ...ALONE, schedule: { prefixCache: true } }))).toMatchObject({
    repeatedShare: 0,
    cachedShare: 0,
  })
  expect(streamsOf(exampleStreams({ ...ALONE, path: '/api/generate', schedule: {} })).cachedShare).toBeNull()
})

test('a stream that reports an error, or that holds no text, has failed', () => {
  const log = new StreamLog()
  const end = (request: number, text: string) => {
    log.add(request, Buffer.from(text), 1)
    return log.end(request, 200, { input: 0, atMs: 2 })
  }
  const chunk = 'data: {"choices":[{"text":"a"}]}\n\n'
  expect(end(0, chunk)).toBe(200)
  expect(end(1, `${chunk}data: {"error":{"message":"x"}}\n\n`)).toBe(OUTCOME.streamFailed)
  expect(end(2, 'data: {"choices":[]}\n\n')).toBe(OUTCOME.streamFailed)
  expect(log.end(3, 200, { input: 0, atMs: 2 })).toBe(OUTCOME.streamFailed)
  expect(log.end(4, 503, { input: 0, atMs: 2 })).toBe(503)
  expect(log.ended.map(({ request }) => request)).toEqual([0])
})

test('a point says what its streams say, and points of other answers nothing', () => {
  const { streams, ...run } = exampleStreams({ ...ALONE, schedule: {} })
  expect(pointOf({ ...run, streams }).streams!.streams).toBe(60)
  expect('streams' in pointOf(run)).toBe(false)
})

test('a server that does not keep up has no times to the first token, and times of the tokens after it', () => {
  const { streams } = pointOf(exampleStreams({ schedule: { prefillMsPerToken: 50, tokenMs: 4 }, ratePerSecond: 2 }))
  expect(streams).toMatchObject({ firstTokenMs: null, reasons: { firstTokenMs: expect.stringMatching(/did not keep up/) } })
  expect(streams!.timePerTokenMs!.p50).toBeGreaterThan(0)
})

test('bounds of both times', () => {
  expect(parseGoodput(' first < 0.5s , token<=50ms ')).toEqual({
    text: 'first<0.5s,token<=50ms',
    firstTokenMs: 500,
    perTokenMs: 50,
  })
  for (const wrong of ['', 'first', 'first<5', 'last<5ms', 'first<5ms,first<6ms', 'token<0ms'])
    expect(() => parseGoodput(wrong)).toThrow(/--goodput .*: give what the first token/)
})
