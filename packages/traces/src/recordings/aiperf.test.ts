import { expect, test } from 'vitest'
import { readContent, readRequests } from '../../test/support/recordings/check-reader.ts'

const metric = (unit: string, avg: number, more = {}) => ({ unit, avg, ...more })
const statistics = {
  request_count: metric('requests', 10),
  time_to_first_token: metric('ms', 50, { p50: 48, p99: 90 }),
  inter_token_latency: metric('ms', 10, { p50: 9, p99: 14 }),
  request_latency: metric('ms', 160),
  output_sequence_length: metric('tokens', 11),
  input_sequence_length: metric('tokens', 100),
}

test('statistics of each metric, in its unit', async () => {
  const { requests } = await readRequests(statistics)
  expect(requests).toMatchObject([
    {
      count: 10,
      promptTokens: 100,
      generatedTokens: 11,
      firstTokenMs: 50,
      tokenMs: 10,
      decodeMs: 100,
      totalMs: 160,
      tokensPerChunk: null,
    },
  ])
  expect(requests[0]!.gaps).toEqual({ p50Ms: 9, p99Ms: 14 })
  const inSeconds = await readRequests({
    ...statistics,
    time_to_first_token: metric('s', 0.05),
    inter_chunk_latency: metric('us', 30_000, { p50: 29_000, p99: 50_000 }),
  })
  expect(inSeconds.requests).toMatchObject([{ firstTokenMs: 50, tokensPerChunk: 3, gaps: { p50Ms: 29, p99Ms: 50 } }])
})

test('a line for each request', async () => {
  const line = {
    metadata: { session_num: 1 },
    metrics: {
      ttft: { value: 255, unit: 'ms' },
      request_latency: { value: 297, unit: 'ms' },
      inter_chunk_latency: { value: [4, 6], unit: 'ms' },
      inter_token_latency: { value: 2.5, unit: 'ms' },
      output_sequence_length: { value: 5, unit: 'tokens' },
      input_sequence_length: { value: 550, unit: 'tokens' },
    },
  }
  const { requests } = await readRequests(`${JSON.stringify(line)}\n${JSON.stringify(line)}\n`)
  expect(requests).toMatchObject([
    { count: 1, firstTokenMs: 255, tokenMs: 2.5, generatedTokens: 5, gaps: [4, 6], tokensPerChunk: 2 },
    { count: 1 },
  ])
})

test('refuses metrics without values', async () => {
  await expect(readContent({ time_to_first_token: { unit: 'ms' }, inter_token_latency: { unit: 'ms' } })).rejects.toThrow(
    /no request in it has a time/,
  )
})
