import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { MockSchedule } from '@whyslow/measure/support/streams/mock-engine.ts'
import { type MockFaults, type MockServer, startMockServer } from '@whyslow/measure/support/streams/mock-server.ts'
import { afterEach, expect, test } from 'vitest'
import type { GenerationRequest, Generator } from '../generator.ts'
import { Requests } from './address/requests.ts'
import { findServer } from './address/server.ts'
import { address } from './address.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

interface Opened {
  readonly server: MockServer
  readonly generator: Generator
}

async function opened(
  path: string,
  schedule: Partial<MockSchedule> = {},
  faults: MockFaults = {},
  mostRequests = 20,
): Promise<Opened> {
  const server = await startMockServer(schedule, faults)
  closers.push(server.close)
  const options = { threads: null, prefillThreads: null, dtype: null, pythonPath: null, mostRequests }
  const generator = await address.open(server.url + path, options)
  closers.push(generator.close)
  return { server, generator }
}

const REQUEST: GenerationRequest = {
  prompt: 'one two three',
  newTokens: 12,
  ignoreEnd: true,
  sampling: { kind: 'greedy' },
  stop: [],
}

test.each([
  ['/v1/chat/completions', 'chat completions', 1],
  ['/v1/completions#mock', 'OpenAI’s completions', 0],
  ['/v1/responses#mock', 'OpenAI’s responses', 0],
  ['/completion', 'llama-server', 0],
  ['/api/generate#mock', 'ollama', 0],
  ['/api/chat#mock', 'ollama’s chat', 0],
])('%s: the path says the protocol, and tokens are those that the server counts', async (path, _, probes) => {
  const { server, generator } = await opened(path, { tokensPerChunk: 4 })
  const told: string[] = []
  const generation = await generator.generate(REQUEST, ({ text }) => told.push(text!))
  expect(generation).toMatchObject({ promptTokens: 3, generatedTokens: 12, ended: 'length' })
  expect(told).toEqual(generation.tokens.map(({ text }) => text))
  expect(told.length).toBe(3)
  expect([generator.requests!(), server.requests.length]).toEqual([probes + 1, probes + 1])
})

test.each([
  ['a server of OpenAI’s protocol', {}, '', '/v1/chat/completions'],
  ['llama-server', { ownedBy: 'llamacpp' }, '/v1', '/completion'],
  ['ollama', { ownedBy: 'library' }, '', '/api/generate'],
  ['ollama without OpenAI’s list', { paths: ['/api/tags', '/api/generate'] }, '', '/api/generate'],
  ['ollama at its own path', { ownedBy: 'library' }, '/api', '/api/generate'],
  ['ollama at its own path, without OpenAI’s list', { paths: ['/api/tags', '/api/generate'] }, '/api/', '/api/generate'],
  ['llama-server without a list', { paths: ['/props', '/completion'] }, '/', '/completion'],
] as [string, MockFaults, string, string][])('%s is found by its own list of models', async (_, faults, path, goesTo) => {
  const { server, generator } = await opened(path, {}, faults)
  expect((await generator.generate(REQUEST)).generatedTokens).toBe(12)
  expect(server.requests.at(-1)).toBe(`POST ${goesTo}`)
  expect(server.requests.length).toBeLessThanOrEqual(4)
})

test('one connection for all requests', async () => {
  const { server, generator } = await opened('/completion')
  for (let k = 0; k < 3; k++) await generator.generate(REQUEST)
  expect(server.connections()).toBe(1)
})

test('a server that closes connections after a stream gets one for each request from then on', async () => {
  const { server, generator } = await opened('/completion', {}, { closes: true })
  for (let k = 0; k < 4; k++) expect((await generator.generate(REQUEST)).generatedTokens).toBe(12)
  // The one that found its connection closed went out twice, and counts twice.
  expect(generator.requests!()).toBe(5)
  expect(server.requests.length).toBe(4)
})

test('what the prefix cache held is counted', async () => {
  for (const path of ['/v1/chat/completions', '/v1/responses#mock', '/completion', '/api/generate#mock']) {
    const { generator } = await opened(path, { prefixCache: true })
    await generator.generate(REQUEST)
    // ollama counts what it read: the rest of the prompt is known from the first time.
    expect(await generator.generate(REQUEST)).toMatchObject({ cachedTokens: 2, promptTokens: 3 })
  }
})

test('tokens that a server drafts are counted, and left out if a request says so', async () => {
  const { server, generator } = await opened('/completion', { drafts: { tokens: 4, right: 0.25, checkMs: 0 } })
  // The first comes with the prompt, and a round of 4 drafted tokens gives two, the last one of 6 a single one.
  expect(await generator.generate(REQUEST)).toMatchObject({ generatedTokens: 12, drafted: { tokens: 24, accepted: 5 } })
  expect((await generator.generate({ ...REQUEST, drafts: false })).drafted).toBeUndefined()
  expect(server.bodies.map((body) => body['speculative.n_max'])).toEqual([undefined, 0])
})

test('without usage nobody says how many tokens there were', async () => {
  const { generator } = await opened('/v1/chat/completions#mock', { tokensPerChunk: 4, usage: false })
  const generation = await generator.generate(REQUEST)
  expect([generation.generatedTokens, generation.timePerTokenMs]).toEqual([null, undefined])
})

test.each([
  ['/v1/chat/completions#mock', false],
  ['/completion', true],
])('%s takes texts always, and ids: %s', async (path, takesIds) => {
  expect((await opened(path)).generator).toMatchObject({ takesTexts: true, takesIds })
})

test('the last request went into one without a refused field: the limit says so', async () => {
  const { generator } = await opened('/v1/completions#mock', {}, { refuses: ['ignore_eos'] }, 2)
  await generator.generate(REQUEST)
  await expect(generator.generate(REQUEST)).rejects.toThrow(
    /2 requests were sent \(1 of them again, without a field that the server refuses\), which is the most that may be/,
  )
})

test('an answer that never ends, of which a little comes now and then', async () => {
  const server = http.createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const timer = setInterval(() => response.write(': still here\n'), 10)
    response.on('close', () => clearInterval(timer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(async () => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const requests = new Requests(new URL(`http://127.0.0.1:${port}/completion`), 5, { silentMs: 10_000, wholeMs: 100 })
  await expect(requests.send({ method: 'POST', path: '/completion', body: {}, onBody: () => true })).rejects.toThrow(
    /did not end within 0\.1 s; request fewer tokens/,
  )
  requests.close()
})

test('fields that a server refuses are left out, each refusal counted once', async () => {
  const { server, generator } = await opened('/v1/completions#mock', {}, { refuses: ['ignore_eos', 'stream_options'] })
  for (let k = 0; k < 2; k++) expect((await generator.generate(REQUEST)).tokens.length).toBe(12)
  expect(server.bodies.map((body) => ['ignore_eos' in body, 'stream_options' in body])).toEqual([
    [true, true],
    [false, true],
    [false, false],
    [false, false],
  ])
  expect(generator.requests!()).toBe(4)
})

test('token ids go to servers that take them', async () => {
  const { generator } = await opened('/completion')
  expect((await generator.generate({ ...REQUEST, prompt: [5, 6, 7, 8] })).promptTokens).toBe(4)
  const chat = await opened('/v1/chat/completions#mock')
  await expect(chat.generator.generate({ ...REQUEST, prompt: [5] })).rejects.toThrow(/takes texts, not token ids/)
})

test('never more requests than may be sent', async () => {
  const { server, generator } = await opened('/completion', {}, {}, 2)
  for (let k = 0; k < 2; k++) await generator.generate(REQUEST)
  await expect(generator.generate(REQUEST)).rejects.toMatchObject({
    name: 'InputError',
    message: expect.stringMatching(/\/completion: 2 requests were sent, which is the most that may be/),
  })
  expect(server.requests.length).toBe(2)
})

test.each([
  ['a server that never streams', {}, { neverStreams: true }, /answers in one piece, although a stream was asked for/],
  ['an error within the stream', {}, { failsAfter: 2 }, /reports an error within the stream for mock \(out of memory\)/],
  ['a connection that ends', {}, { breaksAfter: 2 }, /the connection ended within an answer/],
  ['a model that the server has not', {}, { status: 404 }, /answers 404 \(the model `none` does not exist\); name the model/],
  ['a stream that never ends', {}, { neverEnds: true }, /does not stop after 12 tokens/],
] as [string, object, MockFaults, RegExp][])('%s is one line', async (_, schedule, faults, message) => {
  for (const path of ['/v1/chat/completions#mock', '/v1/responses#mock'])
    await isOneLine(await opened(path, schedule, faults), message)
})

async function isOneLine({ generator }: Opened, message: RegExp): Promise<void> {
  const error: unknown = await generator.generate(REQUEST).catch((thrown) => thrown)
  expect(error).toMatchObject({ name: 'InputError', message: expect.stringMatching(message) })
  expect((error as Error).message).not.toContain('\n')
}

test.each([
  ['several models', { models: ['a', 'b'] }, '/v1', /several models \(a, b\); name one, as in .*#a$/],
  ['a model that is not listed', { models: ['a', 'b'] }, '/v1#c', /no model c; it has a, b/],
  ['no model', { models: [] }, '/v1', /lists no model/],
  ['another server', { paths: [] }, '', /no server that generates text answers there/],
] as [string, MockFaults, string, RegExp][])('opening: %s', async (_, faults, path, message) => {
  await expect(opened(path, {}, faults)).rejects.toMatchObject({ name: 'InputError', message: expect.stringMatching(message) })
})

test('what is not an address, and where nothing listens', async () => {
  const options = { threads: null, prefillThreads: null, dtype: null, pythonPath: null, mostRequests: 9 }
  await expect(address.open('model.onnx', options)).rejects.toThrow(/model\.onnx: not an address/)
  await expect(address.open('http://127.0.0.1:1/v1', options)).rejects.toThrow(/127\.0\.0\.1:1\/v1: nothing listens there/)
})

test('a server that says nothing for too long', async () => {
  const server = await startMockServer({}, { hangsAfter: 1 })
  closers.push(server.close)
  const url = new URL(`${server.url}/completion`)
  const requests = new Requests(url, 5, { silentMs: 50 })
  const { path, protocol } = await findServer(url, requests)
  const body = protocol.body(REQUEST, null)
  await expect(requests.send({ method: 'POST', path, body, onBody: () => true })).rejects.toThrow(/nothing came for 0\.05 s/)
  requests.close()
})
