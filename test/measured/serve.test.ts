// The server against clients that vanish, crawl or lie, workers that die, and a signal while requests are under way: no wrong answer,
// nothing lost that was accepted, the next request served.
import { mkdirSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { join } from 'node:path'
import { mulberry32 } from '@whyslow/graph/random.ts'
import { encodeInferRequest } from '@whyslow/serving/serve/infer-request.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Serving, startServe } from '../support/serve.ts'
import { folders } from './command.ts'

const where = folders()
/** y is x and one more; 666 ends the worker, 777 asks how often it predicted before, 888 takes 20 ms, -k waits until `open(k)`. */
const PREDICT = `import { existsSync } from 'node:fs'
import { join } from 'node:path'
const rest = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
export async function load() {
  let before = 0
  return {
    async predict({ x }) {
      before++
      if (x.data.includes(777)) return { y: { type: 'float32', dims: x.dims, data: Float32Array.from(x.data, () => before - 1) } }
      if (x.data.includes(666)) process.exit(1)
      if (x.data[0] === 888) rest(20)
      if (x.data[0] < 0) while (!existsSync(join(import.meta.dirname, 'gate' + -x.data[0]))) rest(5)
      return { y: { type: 'float32', dims: x.dims, data: Float32Array.from(x.data, (one) => one + 1) } }
    },
    async close() {},
  }
}
`
const tensor = (name: string) => ({ name, isTensor: true, dtype: 'float32', shape: ['n', 2] })
const folder = join(where.root, 'plus-one')
mkdirSync(folder)
writeFileSync(join(folder, 'predict.mjs'), PREDICT)
writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
writeFileSync(
  join(folder, 'manifest.json'),
  JSON.stringify({ schema: 'whyslow-folder/1', model: 'model.onnx', inputs: [tensor('x')], outputs: [tensor('y')] }),
)

/** Predictions of -k go on. */
const open = (gate: number) => writeFileSync(join(folder, `gate${gate}`), '')

interface Served extends Serving {
  /** Lines of its log. */
  readonly said: () => readonly Readonly<Record<string, unknown>>[]
}

async function serve(...options: string[]): Promise<Served> {
  const serving = await startServe(where, folder, '--name', 'm', ...options)
  const said = () =>
    serving
      .stderr()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { ...serving, said }
}

const feeds = (...data: number[]) => ({
  x: { dtype: 'float32' as const, shape: [data.length / 2, 2], data: Float32Array.from(data) },
})
const PATH = '/v2/models/m/infer'

interface Answer {
  readonly status: number
  readonly y: number[] | null
}

/** In JSON; status 0: no answer. */
function ask({ port }: Served, ...data: number[]): Promise<Answer> {
  const { body } = encodeInferRequest(feeds(...data), false)
  return new Promise((resolve) => {
    const request = http.request({ port, path: PATH, method: 'POST', agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const { outputs } = JSON.parse(Buffer.concat(chunks).toString()) as { outputs?: { data: number[] }[] }
        resolve({ status: response.statusCode!, y: outputs?.[0]?.data ?? null })
      })
    })
    request.on('error', () => resolve({ status: 0, y: null }))
    request.end(body)
  })
}

/** Whatever comes back for these bytes until the server closes, or says no more for a while. */
function raw({ port }: Served, bytes: Uint8Array | string, quietMs = 2000): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    let text = ''
    const done = () => {
      socket.destroy()
      resolve(text)
    }
    socket.setTimeout(quietMs, done)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (isWhole(text)) done()
    })
    socket.on('close', done)
    socket.on('error', done)
    socket.write(bytes)
  })
}

/** An answer, with all of its body; what only says that the request may go on is none. */
function isWhole(text: string): boolean {
  const found = /^HTTP\/1\.1 (?!100)\d+[\s\S]*?\r\n\r\n/.exec(text)
  if (found === null) return false
  return text.length - found[0].length >= Number(/^content-length: (\d+)/im.exec(found[0])?.[1] ?? 0)
}

const head = (length: number | string, ...more: string[]) =>
  [`POST ${PATH} HTTP/1.1`, 'Host: localhost', `Content-Length: ${length}`, 'Connection: close', ...more, '', ''].join('\r\n')
const posted = (body: string | Buffer, ...more: string[]) =>
  Buffer.concat([Buffer.from(head(Buffer.byteLength(body), ...more)), Buffer.from(body)])
const statusOf = (text: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0)

let served: Served
beforeAll(async () => {
  served = await serve('--workers', '2')
})
afterAll(async () => {
  await served.end()
  where.remove()
})
const isServed = async () => expect(await ask(served, 1, 2)).toEqual({ status: 200, y: [2, 3] })

/** Asked again while no worker is there to answer, but for what ends it. */
async function asClients(x: number, k: number): Promise<Answer> {
  for (;;) {
    const answer = await ask(served, x, k)
    if (answer.status !== 503 || x === 666) return answer
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

test('workers that die take no other request with them, and are started again', async () => {
  const asked = Array.from({ length: 120 }, (_, k) => (k % 12 === 5 ? 666 : k))
  const answers = await Promise.all(asked.map(async (x, k) => ({ x, k, ...(await asClients(x, k)) })))
  for (const { x, k, ...answer } of answers.filter(({ x }) => x !== 666))
    expect(answer, `${x}`).toEqual({ status: 200, y: [x + 1, k + 1] })
  expect(answers.filter(({ x }) => x === 666).every(({ status }) => status === 500 || status === 503)).toBe(true)
  await isServed()
})

test('a worker that is started again has predicted before it takes requests, and the log says both', async () => {
  const small = await serve('--workers', '1')
  expect(await ask(small, 777, 0)).toEqual({ status: 200, y: [1, 1] })
  // Twice, and then it is refused.
  expect((await ask(small, 666, 0)).status).toBe(500)
  expect(await ask(small, 777, 0)).toEqual({ status: 200, y: [1, 1] })
  const messages = small.said().map(({ message }) => message)
  expect(messages.filter((one) => one === 'a worker ended and is started again')).toHaveLength(2)
  expect(messages.filter((one) => one === 'a worker is ready again')).toHaveLength(2)
  expect(await small.end()).toBe(0)
})

/** A bound against hanging. */
const PATIENT = { timeout: 20_000 }
/** Requests that wait, and those that are predicted. */
const stateOf = async ({ address }: Served) =>
  (await (await fetch(`${address}/metrics`)).text())
    .match(/^(?:nv_inference_pending_request_count|whyslow_running_requests)\S+ \d+$/gm)
    ?.map((line) => Number(line.split(' ')[1]))

test('clients that vanish hold no place in the queue, and a full one is told in the log', async () => {
  const small = await serve('--workers', '1', '--queue-size', '5')
  const slow = ask(small, -1, 0)
  await expect.poll(() => stateOf(small), PATIENT).toEqual([0, 1])
  const sockets = Array.from({ length: 5 }, () => {
    const socket = net.connect(small.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(posted(encodeInferRequest(feeds(1, 2), false).body))
    return socket
  })
  await expect.poll(() => stateOf(small), PATIENT).toEqual([5, 1])
  expect((await ask(small, 1, 2)).status).toBe(503)
  for (const socket of sockets) socket.destroy()
  await expect.poll(() => stateOf(small), PATIENT).toEqual([0, 1])
  open(1)
  expect(await ask(small, 1, 2)).toEqual({ status: 200, y: [2, 3] })
  expect((await slow).status).toBe(200)
  expect(small.said().filter(({ level, refused }) => level === 'warn' && refused === 1)).toHaveLength(1)
  expect(await small.end()).toBe(0)
})

test('clients that vanish or crawl hold up nobody', async () => {
  const body = encodeInferRequest(feeds(1, 2), false).body
  const sockets = Array.from({ length: 60 }, (_, k) => {
    const socket = net.connect(served.port, '127.0.0.1')
    socket.on('error', () => {})
    if (k % 3 === 0) socket.write(posted(body).subarray(0, 90))
    else if (k % 3 === 1) socket.write(posted(encodeInferRequest(feeds(888, 0), false).body), () => socket.destroy())
    else for (let at = 0; at < 5; at++) setTimeout(() => socket.write('P'), at * 50)
    return socket
  })
  for (let k = 0; k < 10; k++) await isServed()
  for (const socket of sockets) socket.destroy()
  await isServed()
})

const good = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }
const of = (input: object, more: object = {}) => JSON.stringify({ inputs: [{ ...good, ...input }], ...more })
const binary = (size: unknown, bytes: number, said?: number) => {
  const json = JSON.stringify({ inputs: [{ ...good, data: undefined, parameters: { binary_data_size: size } }] })
  return posted(
    Buffer.concat([Buffer.from(json), Buffer.alloc(bytes)]),
    `Inference-Header-Content-Length: ${said ?? json.length}`,
  )
}
const LIES: [string, Uint8Array | string, number][] = [
  ['a shape of more than there is', posted(of({ shape: [2, 2] })), 400],
  ['a shape of less', posted(of({ shape: [0, 2] })), 400],
  ['a negative shape', posted(of({ shape: [-1, 2] })), 400],
  ['a shape that overflows', posted(of({ shape: [1e15, 2] })), 413],
  ['a shape that is no list', posted(of({ shape: { length: 2 } })), 400],
  ['another rank', posted(of({ shape: [2] })), 400],
  ['another datatype', posted(of({ datatype: 'INT64' })), 400],
  ['no datatype', posted(of({ datatype: 7 })), 400],
  ['text for numbers', posted(of({ data: ['1', '2'] })), 400],
  ['an input twice', posted(JSON.stringify({ inputs: [good, good] })), 400],
  ['an input of the prototype', posted(of({ name: '__proto__' })), 400],
  ['no input', posted('{"inputs":[]}'), 400],
  ['deep nesting', posted(`{"inputs":${'['.repeat(100_000)}`), 400],
  [
    'deep nesting that is closed',
    posted(`{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":${'['.repeat(5000)}1${']'.repeat(5000)}}]}`),
    400,
  ],
  ['no JSON', posted('hello'), 400],
  ['bytes that are no text', posted(Buffer.from([0xff, 0xfe, 0, 1])), 400],
  ['an output that there is not', posted(of({}, { outputs: [{ name: 'z' }] })), 400],
  ['binary data that are too few', binary(8, 4), 400],
  ['binary data that are too many', binary(8, 12), 400],
  ['a size of binary data that lies', binary(16, 16), 400],
  ['a negative size', binary(-8, 8), 400],
  ['a size that is no number', binary('8', 8), 400],
  ['a header length beyond the body', binary(8, 8, 1e9), 400],
  ['a header length that cuts the JSON', binary(8, 8, 20), 400],
  ['a body beyond the limit', head(1e12), 413],
  ['a negative length', head(-5), 400],
  ['two lengths', head(5, 'Content-Length: 50'), 400],
  ['a length and chunks', `${head(5, 'Transfer-Encoding: chunked')}0\r\n\r\nGET /v2 HTTP/1.1\r\n\r\n`, 400],
  ['chunks that are none', `POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`, 400],
  ['headers without end', `GET /v2 HTTP/1.1\r\n${'a: b\r\n'.repeat(10_000)}\r\n`, 431],
  ['a coding that is not offered', posted(of({}), 'Content-Encoding: gzip'), 415],
  ['a path to a file', 'GET /../../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n', 404],
  ['an encoded path to a file', 'GET /v2/models/%2e%2e%2f%2e%2e%2fetc%2fpasswd HTTP/1.1\r\nHost: localhost\r\n\r\n', 404],
  ['a path that is no text', 'GET /v2/models/%ff HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
  ['another method', `DELETE ${PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 405],
]

test('requests that lie are refused, each by its status, and leave nothing behind', async () => {
  for (const [what, bytes, status] of LIES) expect([what, statusOf(await raw(served, bytes))]).toEqual([what, status])
  await isServed()
})

/** y of an answer, in JSON or behind it. */
function numbersOf(text: string): number[] {
  const body = Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4), 'latin1')
  const length = /^inference-header-content-length: (\d+)/im.exec(text)?.[1]
  const json = JSON.parse(body.toString('utf8', 0, length === undefined ? body.length : Number(length)))
  const [{ name, shape, data }] = json.outputs
  expect([name, shape]).toEqual(['y', [1, 2]])
  return data ?? [...new Float32Array(Uint8Array.from(body.subarray(Number(length))).buffer)]
}

test('10,000 requests with bytes that were changed (seed 7): every answer is an error or right, and none is still held', async () => {
  const random = mulberry32(7)
  const { body, headers } = encodeInferRequest(feeds(3, 4), true)
  const whole = posted(body, ...headers.map(([name, value]) => `${name}: ${value}`))
  const from = whole.indexOf('\r\n\r\n') + 4
  let right = 0
  for (let round = 0; round < 500; round++)
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const bytes = Buffer.from(whole)
        const changes = 1 + Math.floor(random() * 3)
        // The last eight bytes are the numbers themselves: any are right.
        for (let k = 0; k < changes; k++)
          bytes[from + Math.floor(random() * (bytes.length - 8 - from))] = Math.floor(random() * 256)
        const text = await raw(served, bytes)
        const status = statusOf(text)
        expect([200, 400, 413].includes(status), `${status} for ${JSON.stringify(bytes.toString('latin1'))}`).toBe(true)
        if (status === 200) {
          right++
          expect(numbersOf(text), bytes.toString('latin1')).toEqual([4, 5])
        }
      }),
    )
  // A changed id, or a blank: the comparison was made.
  expect(right).toBeGreaterThan(0)
  await isServed()
  await expect.poll(() => stateOf(served), PATIENT).toEqual([0, 0])
  const metrics = async () => (await fetch(`${served.address}/metrics`)).text()
  await expect.poll(metrics, PATIENT).toMatch(/^whyslow_request_bytes\S* 0$/m)
})

test('bodies that never end are refused from four of the largest on, and their memory is free when they go', async () => {
  const small = await serve('--workers', '1', '--body-limit', '4000')
  const statuses: number[] = []
  const held = Array.from({ length: 12 }, () => {
    const socket = net.connect(small.port, '127.0.0.1')
    socket.on('error', () => {})
    const status = new Promise<number>((resolve) => {
      socket.once('data', (chunk) => resolve(statusOf(chunk.toString('latin1'))))
      socket.once('close', () => resolve(0))
    })
    socket.write(`${head(4000)}${' '.repeat(3000)}`)
    void status.then((one) => statuses.push(one))
    return { socket, status }
  })
  // Five of 3000 bytes are within 16000: they are waited for, and the others refused.
  await expect.poll(() => statuses.length, PATIENT).toBe(7)
  expect((await fetch(`${small.address}/v2/health/live`)).status).toBe(200)
  expect(statuses).toEqual(new Array(7).fill(503))
  for (const { socket } of held) socket.destroy()
  await expect.poll(async () => (await ask(small, 1, 2)).status, PATIENT).toBe(200)
  expect(await small.end()).toBe(0)
})

test('a full queue refuses at once, and SIGTERM answers what was accepted', async () => {
  const small = await serve('--workers', '1', '--queue-size', '5')
  const first = ask(small, -2, 0)
  await expect.poll(() => stateOf(small), PATIENT).toEqual([0, 1])
  let refused = 0
  const others = Array.from({ length: 11 }, async (_, k) => {
    const answer = await ask(small, -2, k + 1)
    if (answer.status === 503) refused++
    return answer
  })
  const asked = [first, ...others]
  // While none is answered, all that the queue does not hold are refused.
  await expect.poll(() => refused, PATIENT).toBe(6)
  const ended = small.end()
  open(2)
  const statuses = (await Promise.all(asked)).map(({ status }) => status)
  expect(await ended).toBe(0)
  expect([statuses.filter((status) => status === 200).length, statuses.filter((status) => status === 503).length]).toEqual([6, 6])
})
