import { Worker } from 'node:worker_threads'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { startMockServer } from '@whyslow/measure/support/streams/mock-server.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { drawInputs } from './draws.ts'
import { answerOf, runGenerator } from './generator.ts'
import { encodeRequest, type HttpTarget } from './http/target.ts'
import { OUTCOME } from './records.ts'

let server: Worker
let target: HttpTarget
beforeAll(async () => {
  server = new Worker(new URL('./null-server-thread.js', compiledTwin(import.meta.url)), { workerData: { kind: 'http' } })
  const port = await answerOf<number>(server, 10_000, undefined)
  const place = { kind: 'http' as const, secure: false, hostname: '127.0.0.1', address: '127.0.0.1', port, method: 'GET' }
  const requests = [encodeRequest({ url: new URL('http://localhost/'), method: 'GET', headers: [], body: null })]
  target = { ...place, requests }
})
afterAll(() => server.terminate())

const options = { timeoutMs: 100, mostOutstanding: 100, seed: 1 }

test('each request of a timeline is sent once, and answered', async () => {
  const timeline = { dueMs: Float64Array.of(0, 1, 1, 20), measuredFrom: 0 }
  const run = await runGenerator(target, { kind: 'open', timeline, lengthMs: 30 }, { ...options, timeoutMs: 10_000 })
  expect([run.sent, run.stopped, [...run.records.outcome.slice(0, 4)]]).toEqual([4, false, [200, 200, 200, 200]])
  expect(run.kept.map(({ input, body }) => [input, Buffer.from(body).toString()])).toEqual(new Array(4).fill([0, '{}']))
})

test('a schedule that it cannot keep ends, too, with answers read meanwhile', async () => {
  // A million in a tenth of a second; so many are open at once that each of them could have a connection.
  const dueMs = Float64Array.from({ length: 1_000_000 }, (_, k) => k / 10_000)
  let read = 0
  const run = await runGenerator(
    target,
    { kind: 'open', timeline: { dueMs, measuredFrom: 0 }, lengthMs: 100 },
    {
      ...options,
      timeoutMs: 10_000,
      mostOutstanding: 200,
      stopWhen: ({ outcome }, sent) => {
        for (let k = 0; k < sent && read === 0; k++) if (outcome[k] === 200) read = sent
        return read > 0 ? 'all' : 'no'
      },
    },
  )
  expect(read).toBeGreaterThan(0)
  expect(run.stopped).toBe(true)
  expect(run.sent).toBeLessThan(1_000_000)
})

test('a run that takes much longer than it should is ended with what there is', async () => {
  // What is due in a minute stands for a machine that gets to it then.
  const timeline = { dueMs: Float64Array.of(0, 60_000), measuredFrom: 0 }
  const run = await runGenerator(target, { kind: 'open', timeline, lengthMs: 30 }, { ...options, timeoutMs: 1000 })
  expect([run.sent, run.stopped, run.records.outcome[0], run.records.outcome[1]]).toEqual([1, true, 200, OUTCOME.pending])
})

test('what each request sends is drawn by its place', async () => {
  const timeline = { dueMs: Float64Array.of(0, 1, 2, 3, 4, 5), measuredFrom: 0 }
  const two = { ...target, requests: [...target.requests, ...target.requests] }
  const run = await runGenerator(two, { kind: 'open', timeline, lengthMs: 30 }, { ...options, timeoutMs: 10_000 })
  expect(run.kept.map(({ input }) => input).sort()).toEqual([...drawInputs(2, 6, options.seed)].sort())
})

test('streams are read as they come, and one that fails after its status has failed', async () => {
  const body = (newTokens: number) => Buffer.from(JSON.stringify({ prompt: 'one two', max_tokens: newTokens, stream: true }))
  for (const [faults, outcome, chunks] of [
    [{}, 200, 3],
    [{ failsAfter: 1 }, OUTCOME.streamFailed, 0],
  ] as const) {
    const server = await startMockServer({ tokensPerChunk: 4 }, faults)
    const url = new URL(`${server.url}/v1/completions`)
    const requests = [encodeRequest({ url, method: 'POST', headers: [], body: body(10) })]
    const place = { kind: 'http' as const, secure: false, hostname: '127.0.0.1', address: '127.0.0.1', port: Number(url.port) }
    const timeline = { dueMs: Float64Array.of(0, 1, 2), measuredFrom: 0 }
    const run = await runGenerator(
      { ...place, method: 'POST', requests, streams: true },
      { kind: 'open', timeline, lengthMs: 30 },
      { ...options, timeoutMs: 10_000 },
    )
    expect([...run.records.outcome.slice(0, 3)]).toEqual([outcome, outcome, outcome])
    expect(run.streams!.map(({ times }) => [times.chunksMs.length, times.usage!.generatedTokens])).toEqual(
      new Array(chunks).fill([3, 10]),
    )
    await server.close()
  }
})
