import { expect, test } from 'vitest'
import { readContent, readRequests } from '../../test/support/recordings/check-reader.ts'

const row = (given: object) => ({
  build_commit: 'abc1234',
  model_filename: 'm.gguf',
  n_threads: 4,
  n_prompt: 0,
  n_gen: 0,
  n_depth: 0,
  ...given,
})
const pp = row({ n_prompt: 512, avg_ns: 400e6, samples_ns: [1, 2, 3, 4, 5] })
const tg = row({ n_gen: 128, avg_ns: 1280e6, samples_ns: [1, 2, 3, 4, 5] })

test('tests of a prompt, of tokens and of both, as a list or as lines', async () => {
  const both = row({ n_prompt: 16, n_gen: 8, avg_ns: 90e6, n_depth: 256 })
  for (const content of [[pp, tg, both], [pp, tg, both].map((one) => JSON.stringify(one)).join('\n')]) {
    const { requests, version, warnings } = await readRequests(content)
    expect(version).toBe('abc1234')
    expect(requests).toMatchObject([
      { name: 'pp512', count: 5, promptTokens: 512, promptMs: 400, decodeMs: null },
      { name: 'tg128', count: 5, generatedTokens: 128, decodeMs: 1280, tokenMs: 10, promptMs: null },
      { name: 'pp16+tg8 @ d256', count: 1, totalMs: 90 },
    ])
    expect(warnings).toEqual([
      'llama-bench times neither tokenization nor sampling, so that a request takes longer',
      'tests differ in n_depth: times are their mean',
    ])
  }
})

test('refuses rows without a time', async () => {
  await expect(readContent([{ n_gen: 8, avg_ns: 'x' }])).rejects.toThrow(/damaged \(no row has avg_ns\)/)
})
