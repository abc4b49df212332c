// The server over HTTP with a worker whose answers are given by hand.
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createBodyBudget } from './body-budget.ts'
import { createDispatcher, type Predicted } from './dispatcher.ts'
import { createHttpServer, type HttpOptions, type HttpServer, type Served } from './http-server.ts'
import { encodeInferRequest } from './infer-request.ts'
import { createMetrics } from './metrics.ts'
import { ownNames } from './own-names.ts'

const servers: HttpServer[] = []
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  for (const { server } of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function setUp({
  columns = -1,
  mostBodyBytes = 4000,
  queue = 50,
  timeoutMs = null as number | null,
  isOwn = null as HttpOptions['isOwn'],
} = {}) {
  const asked: { readonly feeds: Feeds; readonly answer: (rows?: number) => void }[] = []
  const dispatcher = createDispatcher(queue, () => performance.now())
  dispatcher.add({
    predict: ([feeds]) =>
      new Promise<Predicted>((resolve) => {
        const answer = (rows = 1) => {
          const y = {
            dtype: 'float32',
            shape: [rows],
            data: new Float32Array(rows).fill((feeds!.x!.data as Float32Array)[0]! + 1),
          } as const
          resolve({ results: [{ y }], startedMs: 0, endedMs: 0 })
        }
        asked.push({ feeds: feeds!, answer })
      }),
  })
  const logged: Readonly<Record<string, unknown>>[] = []
  const served: Served = {
    model: {
      name: 'm',
      version: null,
      platform: 'p',
      inputs: [{ name: 'x', datatype: 'FP32', dtype: 'float32', shape: [1, columns] }],
      outputs: [{ name: 'y', datatype: 'FP32', dtype: 'float32', shape: [-1] }],
    },
    version: '0',
    dispatcher,
    metrics: createMetrics('m'),
    workers: { ready: () => 1, restarts: () => 0 },
    mostBodyBytes,
    budget: createBodyBudget(mostBodyBytes),
    timeoutMs,
    codec: null,
    isReady: () => true,
    refused: () => {},
    log: (entry) => logged.push(entry),
  }
  const started = createHttpServer({ isOwn })
  started.serve(served)
  servers.push(started)
  await new Promise<void>((resolve) => started.server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = started.server.address() as AddressInfo
  return { asked, dispatcher, served, started, port, logged }
}

const turns = async (until: () => boolean) => {
  for (let k = 0; k < 500 && !until(); k++) await new Promise((resolve) => setTimeout(resolve, 4))
  expect(until()).toBe(true)
}

interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
}

/** status 0: none, and why. */
function ask(
  port: number,
  how: http.RequestOptions & { readonly body?: Buffer | string } = {},
): Promise<Answer | { status: 0; code: string }> {
  const { body, ...options } = { method: how.body === undefined ? 'GET' : 'POST', ...how }
  return new Promise((resolve) => {
    const request = http.request(
      { port, host: '127.0.0.1', path: '/v2/models/m/infer', agent: false, ...options },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }),
        )
      },
    )
    request.on('error', (error: NodeJS.ErrnoException) => resolve({ status: 0, code: String(error.code) }))
    request.end(body)
  })
}

const requestOf = (first: number, columns = 2) =>
  encodeInferRequest({ x: { dtype: 'float32', shape: [1, columns], data: new Float32Array(columns).fill(first) } }, true)
const predict = (port: number, first: number, columns = 2) => {
  const { body, headers } = requestOf(first, columns)
  return ask(port, { body, headers: Object.fromEntries(headers) })
}
const posted = (body: Buffer | string, ...more: string[]) =>
  Buffer.concat([
    Buffer.from(
      ['POST /v2/models/m/infer HTTP/1.1', 'Host: h', `Content-Length: ${Buffer.byteLength(body)}`, ...more, '', ''].join('\r\n'),
    ),
    Buffer.from(body),
  ])
const JSON_BODY = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] })
/** What comes back for it until the server ends the connection. */
function connect(port: number, ...parts: (Buffer | string)[]) {
  const socket = net.connect(port, '127.0.0.1')
  const state = { socket, text: '', ended: false, error: '' }
  socket.on('data', (chunk) => {
    state.text += chunk.toString('latin1')
  })
  socket.on('close', () => {
    state.ended = true
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    state.error = String(error.code)
  })
  for (const part of parts) socket.write(part)
  return state
}

describe('memory', () => {
  test('of bodies that are read, wait or are predicted is bounded, and free with their answers', async () => {
    const { asked, port, served } = await setUp()
    // 780 columns are 3120 bytes; five of them are within 4 x 4000.
    const answers = []
    for (let k = 0; k < 5; k++) {
      answers.push(predict(port, k, 780))
      await turns(() => served.dispatcher.running + served.dispatcher.waiting === k + 1)
    }
    expect(served.budget.bytes).toBe(15_600)
    expect((await predict(port, 9, 780)).status).toBe(503)
    for (let k = 0; k < 5; k++) {
      await turns(() => asked.length === k + 1)
      asked[k]!.answer()
    }
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    await turns(() => served.budget.bytes === 0)
  })

  test('of a queue whose clients have gone is free, and their places', async () => {
    const { asked, port, dispatcher, served } = await setUp({ queue: 3 })
    const held = predict(port, 0)
    await turns(() => asked.length === 1)
    const gone = Array.from({ length: 3 }, () => connect(port, posted(JSON_BODY)))
    await turns(() => dispatcher.isFull)
    for (const { socket } of gone) socket.destroy()
    await turns(() => !dispatcher.isFull)
    const real = predict(port, 5)
    await turns(() => dispatcher.waiting === 1)
    asked[0]!.answer()
    await turns(() => asked.length === 2)
    asked[1]!.answer()
    expect([(await held).status, (await real).status]).toEqual([200, 200])
    await turns(() => served.budget.bytes === 0)
    expect(await served.metrics.text({ ...NOTHING })).toContain('reason="CANCELED"} 3')
  })

  test('of requests behind one another on a connection that ends is free, and their places', async () => {
    const { asked, port, dispatcher, served } = await setUp()
    const gone = connect(port, posted(JSON_BODY), posted(JSON_BODY), posted(JSON_BODY))
    await turns(() => asked.length === 1 && dispatcher.waiting === 2)
    gone.socket.destroy()
    await turns(() => dispatcher.waiting === 0)
    asked[0]!.answer()
    await turns(() => served.budget.bytes === 0)
    expect([asked.length, dispatcher.running]).toEqual([1, 0])
  })
})

describe('answers', () => {
  const BYTES = 16_000_000
  const asked = JSON.stringify({ ...JSON.parse(JSON_BODY), parameters: { binary_data_output: true } })
  /** Clients that ask and read nothing, whose answers of 16 MB are given. */
  async function deafClients(count: number) {
    const server = await setUp({ mostBodyBytes: BYTES + 1000 })
    const clients = []
    for (let k = 0; k < count; k++) {
      const client = connect(server.port, posted(asked))
      client.socket.pause()
      clients.push(client)
      await turns(() => server.asked.length === k + 1)
      server.asked[k]!.answer(BYTES / 4)
      await turns(() => server.dispatcher.running === 0)
    }
    return { ...server, clients }
  }

  test('count until they are read, and there is no room for more meanwhile', async () => {
    const { clients, port, served, asked: predicted } = await deafClients(3)
    expect(served.budget.bytes).toBeGreaterThanOrEqual(3 * BYTES)
    // Small ones have room; another of 16 MB has not.
    const small = predict(port, 1)
    await turns(() => predicted.length === 4)
    predicted[3]!.answer()
    expect((await small).status).toBe(200)
    const large = predict(port, 1)
    await turns(() => predicted.length === 5)
    predicted[4]!.answer(BYTES / 4)
    expect((await large).status).toBe(503)
    clients[0]!.socket.resume()
    await turns(() => clients[0]!.text.length >= BYTES)
    for (const { socket } of clients) socket.destroy()
    await turns(() => served.budget.bytes === 0)
  })

  test('are given up where a client reads them too slowly, however often it reads a little', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
    const server = await setUp({ mostBodyBytes: BYTES + 1000 })
    const client = connect(server.port, posted(asked))
    client.socket.pause()
    while (server.asked.length === 0) await new Promise(setImmediate)
    server.asked[0]!.answer(BYTES / 4)
    while (server.served.budget.bytes < BYTES) await new Promise(setImmediate)
    // 64 KiB/s on the whole, after 30 s.
    vi.advanceTimersByTime(30_000 + (1000 * BYTES) / 65_536 - 1000)
    await new Promise(setImmediate)
    expect(server.served.budget.bytes).toBeGreaterThanOrEqual(BYTES)
    vi.advanceTimersByTime(1100)
    while (server.served.budget.bytes > 0) await new Promise(setImmediate)
    client.socket.resume()
    while (!client.ended) await new Promise(setImmediate)
    expect(client.text.length).toBeLessThan(BYTES)
  })
})

const NOTHING = { waiting: 0, queueLimit: 0, running: 0, ready: 0, restarts: 0, bodyBytes: 0, mostBodyBytes: 0 }

describe('a body that is refused', () => {
  test('is not kept while it goes on, nor put together at its end', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const most = 32_000_000
    const { port, served } = await setUp({ mostBodyBytes: most })
    const client = connect(port, 'POST /v2/models/m/infer HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n')
    const million = Buffer.concat([Buffer.from('f4240\r\n'), Buffer.alloc(1_000_000, ' '), Buffer.from('\r\n')])
    for (let k = 0; k < 33; k++) client.socket.write(million)
    await turns(() => client.text.startsWith('HTTP/1.1 413') && client.socket.writableLength === 0)
    expect(served.budget.bytes).toBe(0)
    const concat = vi.spyOn(Buffer, 'concat')
    collect()
    await turns(() => {
      collect()
      return process.memoryUsage().arrayBuffers < most / 2
    })
    client.socket.write('0\r\n\r\n')
    await turns(() => client.ended)
    expect(concat).not.toHaveBeenCalled()
  })

  test('is refused by its length before it is read where the model cannot take so much', async () => {
    const { port } = await setUp({ columns: 2, mostBodyBytes: 1e9 })
    const headers = { 'Content-Length': '70000' }
    expect((await ask(port, { method: 'POST', headers: { ...headers, Expect: '100-continue' } })).status).toBe(413)
    // 8 bytes of tensors are behind a header of 100.
    const raw = { 'Content-Length': '109', 'Inference-Header-Content-Length': '100' }
    expect((await ask(port, { method: 'POST', headers: { ...raw, Expect: '100-continue' } })).status).toBe(413)
  })

  test('costs no connection where it is short', async () => {
    const { asked, port, dispatcher } = await setUp({ queue: 1 })
    const held = [predict(port, 0), predict(port, 1)]
    await turns(() => asked.length === 1 && dispatcher.isFull)
    const state = connect(port, posted(Buffer.alloc(1000)).subarray(0, -900))
    await turns(() => state.text.includes('HTTP/1.1 503'))
    state.socket.write(Buffer.concat([Buffer.alloc(900), Buffer.from('GET /v2/health/live HTTP/1.1\r\nHost: h\r\n\r\n')]))
    await turns(() => state.text.includes('"live":true'))
    expect(state.text).not.toContain('Connection: close')
    state.socket.destroy()
    asked[0]!.answer()
    await turns(() => asked.length === 2)
    asked[1]!.answer()
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200])
  })

  test('is read on, so that a client that writes all first sees the status', async () => {
    const { port } = await setUp({ mostBodyBytes: 4000 })
    const answer = connect(port, posted(Buffer.alloc(8_000_000)))
    await turns(() => answer.ended)
    expect([answer.text.slice(0, 12), answer.error]).toEqual(['HTTP/1.1 413', ''])
    const chunked = connect(port, 'POST /v2/models/m/infer HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n')
    for (let k = 0; k < 100; k++) chunked.socket.write(`2710\r\n${'x'.repeat(10_000)}\r\n`)
    chunked.socket.write('0\r\n\r\n')
    await turns(() => chunked.ended)
    expect([chunked.text.slice(0, 12), chunked.error]).toEqual(['HTTP/1.1 413', ''])
  })
})

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
    await started.close(() => dispatcher.drain())
    await turns(() => crawling.ended && silent.ended && halfway.ended)
    expect(crawling.text.slice(0, 12)).toBe('HTTP/1.1 503')
    deaf.socket.destroy()
  }, 20_000)
})
