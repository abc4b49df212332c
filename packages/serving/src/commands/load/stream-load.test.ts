// `load` of a server that streams, from the first request to the document and its text: the runs' times are those of a known schedule, on a clock that jumps.
import type { MockSchedule } from '@whyslow/measure/support/streams/mock-engine.ts'
import { startMockServer } from '@whyslow/measure/support/streams/mock-server.ts'
import { renderLoad } from '@whyslow/report/text/load-text.ts'
import { expect, test } from 'vitest'
import { playStreams } from '../../../test/support/load/example-streams.ts'
import type { PointPlan } from '../../load/measure.ts'
import { load } from './load.ts'
import type { LoadOptions } from './options.ts'

const BODY = JSON.stringify({ messages: [{ role: 'user', content: 'one two' }], stream: true, max_tokens: 8 })
const CEILING = { ceilingPerSecond: 10_000, floorP50Ms: 0.1, floorP99Ms: 0.2, lagP50Ms: 0.1 }

/** Requests that are due are answered by the schedule. */
const generate =
  (schedule: Partial<MockSchedule>, prompts?: number): NonNullable<PointPlan['generate']> =>
  async (_, given) => {
    if (given.kind !== 'open') throw new Error('an open loop was asked for')
    const played = playStreams(given.timeline.dueMs, { schedule, ...(prompts === undefined ? {} : { prompts }) })
    const ended = { startMs: 0, endMs: given.lengthMs, repeated: 0, toldNames: [], kept: [], cpuMs: 1, stopped: false }
    return { ...played, ...ended }
  }

async function loaded(schedule: Partial<MockSchedule>, prompts?: number, options: Partial<LoadOptions> = {}) {
  const server = await startMockServer()
  try {
    return await load(`${server.url}/v1/chat/completions`, {
      rates: [2],
      seconds: 40,
      bodies: [BODY],
      goodput: 'first<100ms,token<5ms',
      ceiling: CEILING,
      generate: generate(schedule, prompts),
      ...options,
    })
  } finally {
    await server.close()
  }
}

test('four tokens a chunk: both times, goodput and what the cache held', async () => {
  const document = await loaded({ tokensPerChunk: 4, tokenMs: 4 })
  const { streams } = document.points[0]!
  expect(Math.abs(streams!.timePerTokenMs!.p50! / 4 - 1)).toBeLessThan(0.01)
  expect(streams!.goodput).toMatchObject({ bounds: 'first<100ms,token<5ms', firstTokenMs: 100, timePerTokenMs: 5 })
  expect(document.answer).toMatch(
    / Half of the first tokens arrive within 3\d\.\d ms, and each token after it takes 4\.\d\d ms\.$/,
  )
  expect(document.warnings).toEqual([])
  const text = renderLoad(document, { width: 200 })
  expect(text).toMatch(
    /sent\/s +first token p50 +p90 +p99 +per token p50 +p90 +p99 +tokens\/s\n +2\.00 +3\d\.\d ms .* 4\.\d\d ms/,
  )
  expect(text).toMatch(
    /2\.00 requests\/s: 64\.0 tokens a stream by the server's own count; 4\.0 a chunk; .* keep first<100ms,token<5ms; 0 %/,
  )
})

test('one prompt again and again, and nobody counts tokens', async () => {
  const warm = await loaded({ prefixCache: true }, 1)
  expect(warm.warnings).toEqual([expect.stringMatching(/prefix cache held 95 % of the prompts' tokens/)])
  const uncounted = await loaded({ usage: false })
  expect(uncounted.points[0]!.streams!.timePerTokenMs).toBeNull()
  expect(uncounted.warnings).toEqual([expect.stringMatching(/time per token is unknown; add "stream_options"/)])
  expect(renderLoad(uncounted, { width: 200 })).toMatch(/2\.00 requests\/s: tokens not counted/)
})

test('a tokenizer counts what the server does not', async () => {
  const openTokenizer = async (file: string) => {
    if (file !== 'tokenizer.json') throw new Error(file)
    return (text: string) => text.trim().split(' ').length
  }
  const counted = await loaded({ usage: false, tokensPerChunk: 4, tokenMs: 4 }, undefined, {
    tokenizer: 'tokenizer.json',
    openTokenizer,
  })
  expect(counted.points[0]!.streams).toMatchObject({ countedBy: 'tokenizer', tokensPerStream: 64, tokensPerChunk: 4 })
  expect(counted.points[0]!.streams!.timePerTokenMs!.p50).toBeCloseTo(4, 6)
  expect(counted.warnings).toEqual([])
})
