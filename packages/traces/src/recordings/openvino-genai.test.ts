import { expect, test } from 'vitest'
import { readContent, readRequests } from '../../test/support/recordings/check-reader.ts'

const raw = {
  generateDurations: [200, 220],
  tokenizationDurations: [2, 2],
  detokenizationDurations: [1, 1],
  timesToFirstToken: [50, 60],
}

test('a request for each generate call; the model is loaded before the first', async () => {
  const { requests } = await readRequests({ loadTime: 900, numGeneratedTokens: 22, numInputTokens: 30, rawMetrics: raw })
  expect(requests).toMatchObject([
    // 200 - 50 - 1 ms for ten tokens after the first.
    {
      totalMs: 200,
      firstTokenMs: 50,
      decodeMs: 149,
      tokenMs: 14.9,
      tokenizeMs: 2,
      detokenizeMs: 1,
      loadMs: 900,
      promptTokens: 15,
      generatedTokens: 11,
    },
    { totalMs: 220, firstTokenMs: 60, loadMs: null },
  ])
})

test("Python's names", async () => {
  const { requests } = await readRequests({ raw_metrics: { generate_durations: [200], m_times_to_first_token: [50] } })
  expect(requests).toMatchObject([
    { totalMs: 200, firstTokenMs: 50, decodeMs: 150, tokenMs: null, tokenizeMs: null, loadMs: null },
  ])
})

test('refuses metrics of no call', async () => {
  await expect(readContent({ rawMetrics: { generateDurations: [], timesToFirstToken: [] } })).rejects.toThrow(
    /no request in it has a time/,
  )
})
