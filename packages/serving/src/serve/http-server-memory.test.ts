// What a server over HTTP holds in memory: of requests, of answers that nobody reads, and of bodies that it refuses.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  ask,
  connect,
  endServers,
  JSON_BODY,
  NOTHING,
  posted,
  predict,
  setUp,
  turns,
} from '../../test/support/serve/example-http-server.ts'

afterEach(endServers)

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

describe('a body that is refused', () => {
  test('is not kept while it goes on, nor put together at its end', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const most = 32_000_000
    const { port, served } = await setUp({ mostBodyBytes: most })
    // Other tests of this process hold some, too.
    const held = () => {
      collect()
      return process.memoryUsage().arrayBuffers
    }
    const before = held()
    const client = connect(port, 'POST /v2/models/m/infer HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n')
    const million = Buffer.concat([Buffer.from('f4240\r\n'), Buffer.alloc(1_000_000, ' '), Buffer.from('\r\n')])
    for (let k = 0; k < 33; k++) client.socket.write(million)
    await turns(() => client.text.startsWith('HTTP/1.1 413') && client.socket.writableLength === 0)
    expect(served.budget.bytes).toBe(0)
    const concat = vi.spyOn(Buffer, 'concat')
    await turns(() => held() < before + most / 2)
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
