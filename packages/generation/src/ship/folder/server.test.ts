import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { type RuleOptions, ruleGenerator } from '../../../test/support/rule-generator.ts'
import type { LoopSetup } from '../../loop/loop.ts'
import { type ServerOptions, textServer } from './server.ts'
import { textGenerator } from './text-generator.ts'

// biome-ignore lint/suspicious/noExplicitAny: what a server answers, which each test looks into
type Json = any
const LOOP: LoopSetup = { prefixCache: true, lookup: null }
const opened: { close(): void }[] = []
afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})

async function serve(script: RuleOptions = {}, changes: Partial<ServerOptions> = {}) {
  const scripted = ruleGenerator(script)
  const template = (messages: readonly { role: string; content: string }[]) => messages.map(({ content }) => content).join('')
  const generator = textGenerator(scripted, LOOP, { beginning: null }, template)
  const logged: object[] = []
  const { server, close } = textServer(generator, {
    ...{ name: 'tiny', queueSize: 1, mostBodyBytes: 2000, newTokens: 8, isOwn: (host) => /^127\.0\.0\.1(:\d+)?$/.test(host) },
    log: (entry) => logged.push(entry),
    ...changes,
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.push({
    close() {
      server.closeAllConnections()
      server.close()
    },
  })
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const post = (path: string, body: unknown, init: RequestInit = {}) =>
    fetch(`${url}${path}`, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), ...init })
  return { url, port, post, close, scripted, logged, server }
}

/** Holds the engine until it is let go, so that requests meet. */
function gate(): { script: RuleOptions; free: () => void } {
  let free: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    free = resolve
  })
  return { script: { before: () => held }, free }
}

const eventsOf = async (response: Response): Promise<Json[]> =>
  (await response.text())
    .split('\n\n')
    .filter(Boolean)
    .map((line) => (line === 'data: [DONE]' ? '[DONE]' : JSON.parse(line.replace(/^data: /, ''))))

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))
const CHAT = { messages: [{ role: 'user', content: 'abc' }], temperature: 0, max_tokens: 6 }
test('a chat, whole and streamed: the same text and usage', async () => {
  const { post } = await serve()
  const whole = (await (await post('/v1/chat/completions', CHAT)).json()) as Json
  expect(whole).toMatchObject({
    ...{ object: 'chat.completion', model: 'tiny' },
    usage: { prompt_tokens: 3, completion_tokens: 6, total_tokens: 9 },
    choices: [{ finish_reason: 'length', message: { role: 'assistant' } }],
  })
  const response = await post('/v1/chat/completions', { ...CHAT, stream: true, stream_options: { include_usage: true } })
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  const events = await eventsOf(response)
  expect(events.at(-1)).toBe('[DONE]')
  expect(events[0].choices[0].delta).toEqual({ role: 'assistant', content: '' })
  const text = events.map((event) => event.choices?.[0]?.delta.content ?? '').join('')
  expect(text).toBe(whole.choices[0].message.content)
  expect(text).toHaveLength(6)
  expect(events.at(-3)).toMatchObject({ choices: [{ finish_reason: 'length' }], usage: null })
  // The second request found the prompt in the cache.
  expect(events.at(-2)).toMatchObject({ choices: [], usage: { prompt_tokens_details: { cached_tokens: 2 } } })
})

test('several answers to one prompt, whole and streamed', async () => {
  const { post } = await serve({ bend: (logits) => logits.fill(0) })
  const asked = { ...CHAT, temperature: 1, seed: 5, n: 2 }
  const { choices, usage } = (await (await post('/v1/chat/completions', asked)).json()) as Json
  expect(choices.map(({ index }: Json) => index)).toEqual([0, 1])
  const texts = choices.map(({ message }: Json) => message.content)
  expect(texts[0]).not.toBe(texts[1])
  expect(usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 12 })
  const streamed = await post('/v1/chat/completions', { ...asked, stream: true, stream_options: { include_usage: true } })
  const events = await eventsOf(streamed)
  const ofChoice = (at: number) =>
    events.flatMap((event) => (event.choices?.[0]?.index === at ? (event.choices[0].delta.content ?? []) : [])).join('')
  expect([ofChoice(0), ofChoice(1)]).toEqual(texts)
  expect(events.at(-2).usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 12 })
  expect(events.filter((event) => event.choices?.[0]?.finish_reason === 'length')).toHaveLength(2)
})

test('several prompts in one request: each has its answers, at paths without /v1 as well', async () => {
  const { post } = await serve()
  const asked = { prompt: ['abc', 'bc'], temperature: 0, max_tokens: 3 }
  const alone = async (prompt: string) =>
    ((await (await post('/v1/completions', { ...asked, prompt })).json()) as Json).choices[0].text
  const texts = [await alone('abc'), await alone('bc')]
  const { choices, usage } = (await (await post('/completions', asked)).json()) as Json
  expect(choices.map(({ index, text }: Json) => [index, text])).toEqual(texts.map((text, index) => [index, text]))
  expect(usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 6 })
  const events = await eventsOf(await post('/v1/completions', { ...asked, stream: true }))
  const ofChoice = (at: number) =>
    events.flatMap((event) => (event.choices?.[0]?.index === at ? event.choices[0].text : [])).join('')
  expect([ofChoice(0), ofChoice(1)]).toEqual(texts)
  expect(events.at(-2).usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 6 })
})

test('a completion ends before a stop text', async () => {
  const { post } = await serve()
  const all = ((await (await post('/v1/completions', { prompt: 'abc', temperature: 0, max_tokens: 8 })).json()) as Json)
    .choices[0].text
  const cut = (await (
    await post('/v1/completions', { prompt: 'abc', temperature: 0, max_tokens: 8, stop: all.slice(3, 5) })
  ).json()) as Json
  expect(cut.choices[0]).toMatchObject({ text: all.slice(0, 3), finish_reason: 'stop' })
})

describe('requests that are refused say why, as JSON', () => {
  test.each([
    [400, '/v1/chat/completions', '{', 'the body is not valid JSON'],
    [400, '/v1/completions', { prompt: '' }, 'the prompt has no tokens; give at least one'],
    [404, '/v1/chat/completions', { ...CHAT, model: 'other' }, "this server has no model 'other', but 'tiny'"],
    [404, '/v1/embeddings', {}, /^there is nothing here/],
    [404, '/../package.json', {}, /^there is nothing here/],
    [413, '/v1/completions', { prompt: 'a'.repeat(3000) }, 'the body is larger than 2000 bytes'],
    [405, '/v1/models', {}, 'this takes GET'],
  ])('%i %s', async (status, path, body, message) => {
    const { post } = await serve()
    const response = await post(path, body)
    expect(response.status).toBe(status)
    const { error } = (await response.json()) as { error: { message: string } }
    expect(error.message).toMatch(message)
  })

  test('a prompt beyond the context has its status though it is streamed', async () => {
    const { post } = await serve({ context: 4 })
    const response = await post('/v1/completions', { prompt: 'abcde', stream: true })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringContaining("the model's context holds 4"), code: 'context_length_exceeded' },
    })
  })

  test('a body in chunks is not read beyond the limit', async () => {
    const { port } = await serve()
    const request = http.request({ port, host: '127.0.0.1', method: 'POST', path: '/v1/completions' })
    request.on('error', () => {})
    request.write('a'.repeat(1500))
    request.write('a'.repeat(1500))
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    expect(response.statusCode).toBe(413)
    request.destroy()
  })

  test('a page of another site', async () => {
    const { url } = await serve()
    const foreign = await fetch(`${url}/v1/models`, { headers: { Origin: 'https://evil.example' } })
    expect(foreign.status).toBe(403)
  })

  test('a bug is logged, and is not told to clients', async () => {
    const { post, logged } = await serve({
      next: () => {
        throw new TypeError('secret')
      },
    })
    const response = await post('/v1/completions', { prompt: 'abc' })
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret')
    expect(logged).toHaveLength(1)
    expect((await post('/v1/completions', 'x')).status).toBe(400)
  })
})

test('one at a time: one waits, the next is refused with 429', async () => {
  const { script, free } = gate()
  const { post } = await serve(script)
  const first = post('/v1/completions', { prompt: 'abc', max_tokens: 2 })
  const others = [
    post('/v1/completions', { prompt: 'abc', max_tokens: 2 }),
    post('/v1/completions', { prompt: 'abc', max_tokens: 2 }),
  ]
  const refused = await Promise.race(others)
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('1')
  free()
  const statuses = (await Promise.all([first, ...others])).map(({ status }) => status)
  expect(statuses.sort()).toEqual([200, 200, 429])
})

test('a client that leaves ends its generation, running or waiting', async () => {
  const { script, free } = gate()
  const { post, scripted } = await serve(script)
  const [running, waiting] = [new AbortController(), new AbortController()]
  const first = post('/v1/completions', { prompt: 'abc', max_tokens: 400, stream: true }, { signal: running.signal })
  const second = post('/v1/completions', { prompt: 'xyz', max_tokens: 400 }, { signal: waiting.signal })
  first.catch(() => {})
  second.catch(() => {})
  while (scripted.calls.length < 1) await new Promise((resolve) => setImmediate(resolve))
  running.abort()
  waiting.abort()
  await Promise.allSettled([first, second])
  free()
  const once = () => post('/v1/completions', { prompt: 'abc', max_tokens: 2, temperature: 0 })
  // The server hears of clients that left a little later.
  await expect.poll(async () => (await once()).status).toBe(200)
  // The prompt of the first, perhaps a few of its tokens, and the two of the last.
  expect(scripted.calls.length).toBeLessThan(100)
})

test('a client that leaves a streamed chat, before its first token, leaves the next one an answer', async () => {
  const { script, free } = gate()
  const { post, scripted } = await serve(script)
  const early = new AbortController()
  const first = post('/v1/chat/completions', { ...CHAT, stream: true }, { signal: early.signal })
  first.catch(() => {})
  while (scripted.calls.length < 1) await nextTurn()
  early.abort()
  await Promise.allSettled([first])
  // The server sees it in a turn of its own.
  for (let k = 0; k < 20; k++) await nextTurn()
  free()
  expect((await post('/v1/chat/completions', CHAT)).status).toBe(200)
})

test('a client that leaves mid-stream, while a token is computed, leaves the next one an answer', async () => {
  const { script, free } = gate()
  let calls = 0
  const { post } = await serve({ before: async () => (calls++ === 0 ? undefined : script.before!()) })
  const midway = new AbortController()
  const asked = { prompt: 'abc', max_tokens: 9, stream: true }
  const first = await post('/v1/completions', asked, { signal: midway.signal })
  while (calls < 2) await nextTurn()
  midway.abort()
  await first.text().catch(() => {})
  for (let k = 0; k < 20; k++) await nextTurn()
  free()
  expect((await post('/v1/completions', asked)).status).toBe(200)
})

test('a client that leaves mid-stream without having read leaves the next one an answer', async () => {
  // More than a socket takes: the server waits until it drains.
  const long = await serve({ decode: (ids) => 'x'.repeat(1_000_000 * ids.length) })
  const request = http.request({ port: long.port, host: '127.0.0.1', method: 'POST', path: '/v1/completions' })
  request.on('error', () => {})
  request.end(JSON.stringify({ prompt: 'abc', max_tokens: 400, stream: true }))
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  response.on('error', () => {})
  await once(response, 'readable')
  request.destroy()
  expect((await long.post('/v1/completions', { prompt: 'abc', max_tokens: 1 })).status).toBe(200)
  expect(long.logged).toEqual([])
})

test('what it says of itself, and nothing of files', async () => {
  const { url } = await serve()
  const models = (await (await fetch(`${url}/v1/models`)).json()) as Json
  expect(models.data).toMatchObject([{ id: 'tiny', object: 'model' }])
  expect(await (await fetch(`${url}/v1/models/tiny`)).json()).toEqual(models.data[0])
  expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok' })
  for (const path of ['/options.json', '/v1/models/%2e%2e%2foptions.json'])
    expect((await fetch(`${url}${path}`)).status).toBe(404)
})

test('closing: what runs ends, what comes is refused', async () => {
  const { script, free } = gate()
  const { post, close, scripted } = await serve(script)
  const first = post('/v1/completions', { prompt: 'abc', max_tokens: 2 })
  while (scripted.calls.length < 1) await new Promise((resolve) => setImmediate(resolve))
  const closed = close()
  free()
  expect((await first).status).toBe(200)
  await closed
  await expect(post('/v1/completions', { prompt: 'abc' })).rejects.toThrow()
})
