import { expect, test } from 'vitest'
import { readContent, readRequests } from '../../test/support/recordings/check-reader.ts'

const done = (loadMs: number) => ({
  ...{ model: 'm', created_at: 't', done: true, total_duration: 3e9, load_duration: loadMs * 1e6 },
  ...{ prompt_eval_count: 10, prompt_eval_duration: 500e6, eval_count: 100, eval_duration: 2000e6 },
})

test('answers, alone and as the last lines of streams, in nanoseconds', async () => {
  const stream = `{"model":"m","created_at":"t","response":"a","done":false}\n${JSON.stringify(done(50))}\n`
  for (const content of [done(50), stream]) {
    const { requests } = await readRequests(content)
    expect(requests).toMatchObject([
      {
        loadMs: 50,
        promptMs: 500,
        promptTokens: 10,
        decodeMs: 2000,
        generatedTokens: 100,
        tokenMs: 20,
        totalMs: 3000,
        cachedTokens: null,
      },
    ])
  }
  const two = await readRequests([done(900), done(50)])
  expect(two.requests.map(({ loadMs }) => loadMs)).toEqual([900, 50])
})

test('all of the prompt was in the cache: its time is not told', async () => {
  const { prompt_eval_count: _, prompt_eval_duration: __, ...rest } = done(1)
  expect((await readRequests(rest)).requests).toMatchObject([{ promptMs: null, promptTokens: null, decodeMs: 2000 }])
})

test('refuses a stream that did not end', async () => {
  await expect(readContent('{"model":"m","created_at":"t","response":"a","done":false}\n')).rejects.toThrow(
    /no answer in it has ended/,
  )
})
