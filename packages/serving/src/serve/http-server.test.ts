// The server over HTTP with a worker whose answers are given by hand. What it holds in memory is in http-server-memory.test.ts.
import http from 'node:http'
import type net from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  type Answer,
  ask,
  connect,
  endServers,
  JSON_BODY,
  NOTHING,
  posted,
  predict,
  requestOf,
  setUp,
  turns,
} from '../../test/support/serve/example-http-server.ts'
import { ownNames } from './own-names.ts'

afterEach(endServers)

test('what is no HTTP behind a request does not get ahead of its answer', async () => {
  const { asked, port } = await setUp()
  const state = connect(port, posted(JSON_BODY), 'nonsense\r\n\r\n')
  await turns(() => asked.length === 1)
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(state.text).toBe('')
  asked[0]!.answer()
  await turns(() => state.ended)
  expect(state.text).toMatch(/^HTTP\/1\.1 200[\s\S]*Connection: close[\s\S]*"data":\[2\]/)
})

test('a server on loopback answers to its own names, and to no page of another site', async () => {
  const { port, asked } = await setUp({ isOwn: ownNames('127.0.0.1', ['model.example']) })
  const status = async (headers: http.OutgoingHttpHeaders, body?: string) =>
    (await ask(port, { path: '/v2', headers, ...(body === undefined ? {} : { path: '/v2/models/m/infer', body }) })).status
  for (const host of [`127.0.0.1:${port}`, 'localhost', '[::1]:80', 'model.example']) expect(await status({ host })).toBe(200)
  const host = `localhost:${port}`
  expect(await status({ host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' })).toBe(200)
  // Through a proxy on this machine: of a page of its own, and of one that is older than Sec-Fetch-Site and keeps the name.
  expect(await status({ host, origin: 'https://app.example', 'sec-fetch-site': 'same-origin' })).toBe(200)
  expect(await status({ host: 'model.example', origin: 'https://model.example' })).toBe(200)
  const old = connect(port, 'GET /v2/health/live HTTP/1.0\r\n\r\n')
  await turns(() => old.ended)
  expect(old.text).toMatch(/^HTTP\/1\.1 200/)
  for (const headers of [
    { host: 'evil.example' },
    { host: `evil.example:${port}` },
    { host, origin: 'http://evil.example' },
    { host, origin: 'null' },
    { host, 'sec-fetch-site': 'cross-site' },
    { host, 'sec-fetch-site': 'same-site' },
    { host, origin: `http://${host}`, 'sec-fetch-site': 'cross-site' },
  ]) {
    expect([headers, await status(headers)]).toEqual([headers, 403])
    expect([headers, await status({ ...headers, 'content-type': 'text/plain' }, JSON_BODY)]).toEqual([headers, 403])
  }
  expect(asked).toEqual([])
})

test('health is told under any name; metrics and the model are not', async () => {
  const { port } = await setUp({ isOwn: ownNames('127.0.0.1', []) })
  const headers = { host: 'balancer.example' }
  const status = async (path: string) => (await ask(port, { path, headers })).status
  for (const path of ['/v2/health/live', '/v2/health/ready', '/v2/health/ready/?x=1']) expect(await status(path)).toBe(200)
  for (const path of ['/metrics', '/v2', '/v2/models/m', '/v2/models/m/ready', '/v2/health/live/../../models/m'])
    expect([path, await status(path)]).toEqual([path, 403])
})

test('a server that others reach is asked by its address, as probes of a pod are, beside the names that are given', async () => {
  const { port } = await setUp({ isOwn: ownNames('0.0.0.0', ['app.example']) })
  const status = async (host: string) => (await ask(port, { path: '/metrics', headers: { host } })).status
  expect(await Promise.all(['10.1.2.3:8000', '[fd00::7]:8000', 'app.example', 'evil.example'].map(status))).toEqual([
    ...[200, 200, 200, 403],
  ])
})

test('a request takes no longer than the server says, whatever it says itself', async () => {
  const { port, dispatcher, asked } = await setUp({ timeoutMs: 60_000 })
  const given = vi.spyOn(dispatcher, 'submit')
  for (const [timeout, ms] of [
    [1e15, 60_000],
    [undefined, 60_000],
    [30_000_000, 30_000],
  ]) {
    const body = JSON.stringify({ ...JSON.parse(JSON_BODY), parameters: { timeout } })
    const count = asked.length
    const answer = ask(port, { body })
    await turns(() => asked.length === count + 1)
    asked[count]!.answer()
    expect([(await answer).status, given.mock.lastCall![1]]).toEqual([200, ms])
  }
})

describe('framing', () => {
  test('a request that takes too long to come is answered 408', async () => {
    const { port, started } = await setUp()
    const connected = new Promise<net.Socket>((resolve) => started.server.once('connection', resolve))
    const late = connect(port, 'POST /v2/models/m/infer HTTP/1.1\r\nHost: h\r\n')
    // As Node says it, which looks every 30 s.
    started.server.emit('clientError', Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), await connected)
    await turns(() => late.ended)
    expect(late.text).toMatch(/^HTTP\/1\.1 408 [\s\S]*Connection: close/)
    expect([started.server.requestTimeout, started.server.headersTimeout]).toEqual([60_000, 20_000])
  })

  test('pipelined requests whose answers are not read are not taken without end', async () => {
    const { port, started, served } = await setUp()
    let taken = 0
    started.server.on('request', () => taken++)
    const probe = Buffer.from('GET /v2/models/m/config HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(20_000))
    const client = connect(port)
    client.socket.pause()
    for (let k = 0; k < 5; k++) client.socket.write(probe)
    let before = -1
    await turns(() => taken > 0)
    // It stands still once what is written is not read.
    await turns(() => {
      const isSame = taken === before
      before = taken
      return isSame
    })
    expect(taken).toBeLessThan(100_000)
    expect(served.dispatcher.waiting).toBe(0)
    client.socket.destroy()
  })
})

test('methods, paths and what counts as a failure', async () => {
  const { port, served } = await setUp()
  const by = async (method: string, path: string) => {
    const answer = (await ask(port, { method, path })) as Answer
    return [answer.status, answer.headers.allow]
  }
  for (const path of ['/v2/health/live', '/v2', '/metrics', '/v2/models/m', '/v2/models/m/config', '/v2/models/m/ready'])
    expect([path, await by('POST', path), (await by('GET', path))[0]]).toEqual([path, [405, 'GET, HEAD'], 200])
  expect(await by('PUT', '/v2/models/m/infer')).toEqual([405, 'POST'])
  for (const path of ['/', '/v2/models/n', '/v2/models/n/infer', '/v2/models/m/stats', '/v2/constructor'])
    expect([path, await by('GET', path)]).toEqual([path, [404, undefined]])
  expect(await served.metrics.text({ ...NOTHING })).toContain('reason="OTHER"} 0')
  expect((await ask(port, { body: '{' })).status).toBe(400)
  expect(await served.metrics.text({ ...NOTHING })).toContain('reason="OTHER"} 1')
  const { body, headers } = (await ask(port, { path: '/metrics' })) as Answer
  expect(body.toString()).toMatch(/whyslow_queue_limit{[^}]*} 50\n/)
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  const config = JSON.parse(((await ask(port, { path: '/v2/models/m/versions/1/config' })) as Answer).body.toString())
  expect(config).toMatchObject({ max_batch_size: 0, input: [{ name: 'x', data_type: 'TYPE_FP32', dims: [1, -1] }] })
})

describe('the end', () => {
  test('answers what was accepted and what still comes on open connections, says that they close, and resets none', async () => {
    const { asked, port, started, dispatcher } = await setUp()
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    const idle = ask(port, { path: '/v2', agent })
    await idle
    const held = predict(port, 1)
    await turns(() => asked.length === 1)
    const ended = started.close(() => dispatcher.drain())
    const { body, headers } = requestOf(2)
    const sent = ask(port, { body, headers: Object.fromEntries(headers), agent })
    await turns(() => asked.length === 1 && dispatcher.waiting === 1)
    asked[0]!.answer()
    await turns(() => asked.length === 2)
    asked[1]!.answer()
    const answers = (await Promise.all([held, sent])) as Answer[]
    expect(answers.map(({ status, headers: got }) => [status, got.connection])).toEqual([
      [200, 'close'],
      [200, 'close'],
    ])
    await ended
    expect((await ask(port)).status).toBe(0)
  })

  test('sends all answers of a connection, whichever is ready first', async () => {
    const { asked, port, started, dispatcher } = await setUp()
    const probe = 'GET /v2/health/ready HTTP/1.1\r\nHost: h\r\n\r\n'
    const state = connect(port, probe)
    await turns(() => state.text.includes('ready'))
    const ended = started.close(() => dispatcher.drain())
    state.socket.write(Buffer.concat([posted(JSON_BODY), Buffer.from(probe)]))
    await turns(() => asked.length === 1)
    asked[0]!.answer()
    await turns(() => state.ended)
    expect(state.text.match(/HTTP\/1\.1 200/g)).toHaveLength(3)
    expect(state.text).toMatch(/"data":\[2\][\s\S]*Connection: close[\s\S]*"ready":true\}$/)
    expect(state.text.match(/Connection: close/g)).toHaveLength(1)
    await ended
  })

  test('waits neither for bodies that never end, nor for connections that ask nothing, nor for clients that read nothing', async () => {
    const { asked, port, started, dispatcher } = await setUp()
    const crawling = connect(port, posted(JSON_BODY).subarray(0, -10))
    const silent = connect(port)
    const halfway = connect(port, 'GET /v2 HTT')
    const deaf = connect(port, posted(JSON_BODY))
    deaf.socket.pause()
    await turns(() => asked.length === 1)
    // 40 MB are more than any socket holds.
    asked[0]!.answer(10_000_000)
    await turns(() => dispatcher.running === 0)
    await started.close(() => dispatcher.drain(), { idleMs: 200, graceMs: 100 })
    await turns(() => crawling.ended && silent.ended && halfway.ended)
    expect(crawling.text.slice(0, 12)).toBe('HTTP/1.1 503')
    deaf.socket.destroy()
  }, 20_000)
})
