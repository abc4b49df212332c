import { expect, test } from 'vitest'
import { readContent, readRequests } from '../../test/support/recordings/check-reader.ts'

const means = {
  ...{
    backend: 'vllm',
    completed: 4,
    total_input_tokens: 400,
    total_output_tokens: 44,
    request_rate: 2,
    mean_ttft_ms: 50,
    mean_tpot_ms: 10,
  },
  ...{ mean_itl_ms: 25, median_itl_ms: 24, p99_itl_ms: 40, mean_e2el_ms: 155 },
}

test('means of all requests; gaps of pieces are not times of tokens', async () => {
  const { requests, warnings } = await readRequests(means)
  expect(warnings).toEqual([])
  expect(requests).toMatchObject([
    {
      count: 4,
      promptTokens: 100,
      generatedTokens: 11,
      firstTokenMs: 50,
      tokenMs: 10,
      decodeMs: 100,
      totalMs: 155,
      tokensPerChunk: 2.5,
    },
  ])
  expect(requests[0]!.gaps).toEqual({ p50Ms: 24, p99Ms: 40 })
})

test('each request, if the file has them: tokens by their count, not by pieces', async () => {
  const detailed = {
    ...{ ...means, request_rate: 'inf', errors: ['', '', 'timeout'], input_lens: [100, 90, 80], output_lens: [9, 1, 0] },
    ...{ ttfts: [0.04, 0.06, 0], itls: [[0.04, 0.04], [], []] },
  }
  const { requests, warnings } = await readRequests(detailed)
  expect(requests).toMatchObject([
    {
      promptTokens: 100,
      generatedTokens: 9,
      firstTokenMs: 40,
      decodeMs: 80,
      tokenMs: 10,
      totalMs: 120,
      tokensPerChunk: 4,
      gaps: [40, 40],
    },
    { promptTokens: 90, generatedTokens: 1, firstTokenMs: 60, tokenMs: null, tokensPerChunk: null, gaps: null },
  ])
  expect(warnings).toEqual([
    '1 requests failed, and are not in these times',
    expect.stringMatching(/^all requests were sent at once/),
  ])
})

test('answers in one piece say nothing of the time of a token', async () => {
  const whole = { ...means, input_lens: [100], output_lens: [9], ttfts: [0.5], itls: [[]] }
  const { requests } = await readRequests(whole)
  expect(requests).toMatchObject([{ generatedTokens: 9, firstTokenMs: 500, tokenMs: null, decodeMs: null, totalMs: 500 }])
  const mean = await readRequests({ ...means, mean_tpot_ms: 0 })
  expect(mean.requests).toMatchObject([{ firstTokenMs: 50, tokenMs: null, decodeMs: null }])
})

test('refuses means that are no numbers', async () => {
  await expect(readContent({ mean_ttft_ms: null, mean_tpot_ms: 'x' })).rejects.toThrow(/no request in it has a time/)
})
