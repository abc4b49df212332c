import { expect, test } from 'vitest'
import { readContent, readRequests } from '../../test/support/recordings/check-reader.ts'

const timings = (prompt: number, promptMs: number, cached?: number) => ({
  ...(cached === undefined ? {} : { cache_n: cached }),
  ...{ prompt_n: prompt, prompt_ms: promptMs, predicted_n: 64, predicted_ms: 640, predicted_per_second: 100 },
})

test('answers of the server: one, a list, lines, a stream of events', async () => {
  const answer = { content: 'a', timings: timings(50, 100, 12) }
  const request = {
    promptTokens: 50,
    cachedTokens: 12,
    generatedTokens: 64,
    promptMs: 100,
    decodeMs: 640,
    tokenMs: 10,
    loadMs: null,
  }
  for (const content of [
    answer,
    [answer],
    `${JSON.stringify(answer)}\n`,
    `data: {"content":"a","stop":false}\n\ndata: ${JSON.stringify(answer)}\n\ndata: [DONE]\n`,
    timings(50, 100, 12),
  ]) {
    const { requests, format, warnings } = await readRequests(content)
    expect({ format, warnings, requests }).toMatchObject({ format: 'llama-cpp', warnings: [], requests: [request] })
  }
})

test('several lines are several requests; a line that is none is counted', async () => {
  const lines = [timings(10, 20), timings(30, 60)].map((one) => JSON.stringify({ timings: one }))
  const { requests, warnings } = await readRequests(`${lines[0]}\nserver started\n${lines[1]}\n`)
  expect(requests.map(({ promptTokens, cachedTokens }) => [promptTokens, cachedTokens])).toEqual([
    [10, null],
    [30, null],
  ])
  expect(warnings).toEqual(['1 lines are not valid JSON and are left out'])
})

test('what programs print: of the server, and of llama_perf', async () => {
  const server = `slot print_timing: id  0 | task 7 | n_decoded = 64
prompt eval time =     137.81 ms /    18 tokens (    7.66 ms per token,   130.62 tokens per second)
       eval time =    1893.10 ms /    64 tokens (   29.58 ms per token,    33.81 tokens per second)
      total time =    2030.91 ms /    82 tokens
prompt eval time =      10.00 ms /     2 tokens (    5.00 ms per token,   200.00 tokens per second)
       eval time =     100.00 ms /    10 tokens (   10.00 ms per token,   100.00 tokens per second)
`
  const printed = await readRequests(server)
  expect(
    printed.requests.map(({ promptMs, promptTokens, decodeMs, generatedTokens, totalMs }) => [
      promptMs,
      promptTokens,
      decodeMs,
      generatedTokens,
      totalMs,
    ]),
  ).toEqual([
    [137.81, 18, 1893.1, 64, 2030.91],
    [10, 2, 100, 10, null],
  ])
  const perf = `llama_perf_sampler_print:    sampling time =       3.00 ms /    82 runs   (    0.04 ms per token, 27333.33 tokens per second)
llama_perf_context_print:        load time =     512.00 ms
llama_perf_context_print: prompt eval time =     137.81 ms /    18 tokens (    7.66 ms per token,   130.62 tokens per second)
llama_perf_context_print:        eval time =    1860.00 ms /    62 runs   (   30.00 ms per token,    33.33 tokens per second)
llama_perf_context_print:       total time =    2100.00 ms /    80 tokens
`
  const { requests } = await readRequests(perf)
  expect(requests).toMatchObject([{ promptMs: 137.81, decodeMs: 1860, tokenMs: 30, totalMs: 2100, loadMs: null }])
})

test('timings with every piece of a stream: the last ones of each answer', async () => {
  const piece = (n: number, more: object) => ({
    ...more,
    timings: { prompt_n: 5, prompt_ms: 10, predicted_n: n, predicted_ms: 10 * n },
  })
  const streamed = (pieces: readonly object[]) => `${pieces.map((one) => `data: ${JSON.stringify(one)}`).join('\n\n')}\n\n`
  const generated = async (pieces: readonly object[]) =>
    (await readRequests(streamed(pieces))).requests.map(({ generatedTokens }) => generatedTokens)
  const own = [1, 2, 3].map((n) => piece(n, { stop: n === 3 }))
  expect(await generated([...own, ...own])).toEqual([3, 3])
  const chunk = (id: string, n: number) => piece(n, { id, object: 'chat.completion.chunk' })
  // Two streams at the same time.
  expect(await generated([chunk('a', 1), chunk('b', 1), chunk('a', 2), chunk('b', 2), chunk('a', 3)])).toEqual([3, 2])
})

test('the time of sampling is that of the request whose lines follow', async () => {
  const perf = (sampling: number, prompt: number) => `sampling time = ${sampling} ms / 82 runs
prompt eval time = ${prompt} ms / 18 tokens
       eval time = 60 ms / 6 runs
      total time = 100 ms / 24 tokens
`
  const { requests } = await readRequests(perf(3, 10) + perf(5, 20))
  expect(requests).toMatchObject([
    { promptMs: 10, samplingMs: 3 },
    { promptMs: 20, samplingMs: 5 },
  ])
})

test('refuses timings without times', async () => {
  await expect(readContent({ timings: { prompt_n: 3, predicted_n: 4, prompt_ms: 'x', predicted_ms: null } })).rejects.toThrow(
    /damaged \(no timings/,
  )
  await expect(readContent('prompt eval time =       0.00 ms /     1 tokens\n')).rejects.toThrow(/no request in it has a time/)
})
