// The server over gRPC, asked by grpc-js, with a worker whose answers are given by hand.
import http2 from 'node:http2'
import { gzipSync } from 'node:zlib'
import * as grpc from '@grpc/grpc-js'
import { afterEach, expect, test, vi } from 'vitest'
import { arrayBytes, exampleRequest } from '../../../test/support/serve/grpc/example-messages.ts'
import { createBodyBudget } from '../body-budget.ts'
import { createDispatcher, type DispatchResult } from '../dispatcher.ts'
import type { ServedModel } from '../http-server.ts'
import { createMetrics } from '../metrics.ts'
import { type GrpcPackage, type GrpcServer, startGrpcServer } from './grpc-server.ts'

const ends: (() => void)[] = []
afterEach(() => {
  vi.useRealTimers()
  for (const end of ends.splice(0)) end()
})

async function setUp({
  columns = -1,
  mostBodyBytes = 10_000,
  timeoutMs = null as number | null,
  rows = 1,
  given = grpc as unknown as GrpcPackage,
} = {}) {
  const answers: (() => void)[] = []
  const dispatcher = createDispatcher(50, () => performance.now())
  dispatcher.add({
    predict: () =>
      new Promise<DispatchResult>((resolve) => {
        const y = { dtype: 'float32', shape: [rows], data: new Float32Array(rows).fill(3) } as const
        answers.push(() => resolve({ results: [{ y }], startedMs: 0, endedMs: 0 }))
      }),
  })
  const served: ServedModel = {
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
    log: () => {},
  }
  const server: GrpcServer = await startGrpcServer(served, { grpc: given, host: '127.0.0.1', port: 0 })
  const client = new grpc.Client(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure())
  ends.push(server.closeAtOnce, () => client.close())
  return { answers, served, client, port: server.port }
}

const asIs = (bytes: Uint8Array) => Buffer.from(bytes)
interface Outcome {
  readonly code: number
  readonly bytes: Buffer | null
}
/** `withinMs`: its deadline. */
function call(
  client: grpc.Client,
  method: string,
  bytes: Uint8Array,
  withinMs = Number.POSITIVE_INFINITY,
): { ends: Promise<Outcome>; cancel: () => void } {
  let under: grpc.ClientUnaryCall
  const ends = new Promise<Outcome>((resolve) => {
    const path = `/inference.GRPCInferenceService/${method}`
    const deadline = Date.now() + withinMs
    under = client.makeUnaryRequest(path, asIs, asIs, bytes, { deadline }, (error, answer) =>
      resolve({ code: error?.code ?? 0, bytes: answer ?? null }),
    )
  })
  return { ends, cancel: () => under.cancel() }
}

const failures = async ({ metrics }: ServedModel) => {
  const text = await metrics.text({
    waiting: 0,
    queueLimit: 0,
    running: 0,
    ready: 0,
    restarts: 0,
    bodyBytes: 0,
    mostBodyBytes: 0,
  })
  return text.match(/reason="\w+"} [1-9]\d*/g) ?? []
}
const until = (what: () => unknown) => expect.poll(what)
const sized = (columns: number) => exampleRequest({ shape: [1, columns], raw: [new Uint8Array(columns * 4)] })

test('messages that are received or wait hold bounded memory, and are refused above it', async () => {
  const { answers, client, served } = await setUp()
  // Of twelve of 8 kB no more than five are within 4 x 10 kB.
  const codes: number[] = []
  const calls = Array.from({ length: 12 }, () =>
    call(client, 'ModelInfer', sized(2000)).ends.then(({ code }) => codes.push(code)),
  )
  const accepted = () => served.dispatcher.running + served.dispatcher.waiting
  await until(() => accepted() + codes.length).toBe(12)
  const taken = accepted()
  expect([taken > 0, taken <= 5, served.budget.bytes]).toEqual([true, true, taken * 8000])
  for (let k = 0; k < taken; k++) {
    await until(() => answers.length).toBe(k + 1)
    answers[k]!()
  }
  await Promise.all(calls)
  expect(codes.sort()).toEqual([...Array(taken).fill(grpc.status.OK), ...Array(12 - taken).fill(grpc.status.UNAVAILABLE)])
  await until(() => served.budget.bytes).toBe(0)
})

/** A client that leaves HTTP/2 to the test. */
function rawClient(port: number, settings: http2.Settings = {}) {
  const session = http2.connect(`http://127.0.0.1:${port}`, { settings })
  session.on('error', () => {})
  ends.push(() => session.destroy())
  const open = (...parts: Uint8Array[]) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/inference.GRPCInferenceService/ModelInfer',
      'content-type': 'application/grpc',
      'grpc-encoding': 'gzip',
      te: 'trailers',
    })
    stream.on('error', () => {})
    for (const part of parts) stream.write(part)
    return stream
  }
  return { session, open }
}
const head = (bytes: number, isCompressed = false) => {
  const five = Buffer.alloc(5, isCompressed ? 1 : 0)
  five.writeUInt32BE(bytes, 1)
  return five
}
const responseOf = (stream: http2.ClientHttp2Stream) =>
  new Promise<http2.IncomingHttpHeaders>((resolve) => stream.once('response', (headers) => resolve(headers)))

test('bytes count before a message is whole', async () => {
  const { served, port } = await setUp()
  const { session, open } = rawClient(port)
  // The rest never comes.
  const send = (bytes: number) => open(head(9000), Buffer.alloc(bytes))
  const first = send(8000)
  await until(() => served.budget.bytes).toBe(8005)
  const others = [send(8000), send(8000), send(8000)]
  await until(() => served.budget.bytes).toBe(4 * 8005)
  const one = send(8000)
  const { 'grpc-status': status } = await responseOf(one)
  one.write(Buffer.alloc(900))
  expect([status, served.budget.bytes]).toEqual([String(grpc.status.UNAVAILABLE), 4 * 8005])
  first.destroy()
  await until(() => served.budget.bytes).toBe(3 * 8005)
  for (const other of others) other.destroy()
  await until(() => served.budget.bytes).toBe(0)
  session.destroy()
})

test('a message that the model cannot take is refused before it is read', async () => {
  const { client } = await setUp({ columns: 2, mostBodyBytes: 1e9 })
  expect((await call(client, 'ModelInfer', new Uint8Array(70_000)).ends).code).toBe(grpc.status.RESOURCE_EXHAUSTED)
})

test('calls that are cancelled count as such, what is no prediction not at all', async () => {
  const { client, served, answers } = await setUp()
  const under = call(client, 'ModelInfer', exampleRequest({ raw: [arrayBytes(1, 2)] }))
  await until(() => answers.length).toBe(1)
  const waits = call(client, 'ModelInfer', exampleRequest({ raw: [arrayBytes(1, 2)] }))
  await until(() => served.dispatcher.waiting).toBe(1)
  waits.cancel()
  expect((await waits.ends).code).toBe(grpc.status.CANCELLED)
  await until(() => failures(served)).toEqual(['reason="CANCELED"} 1'])
  answers[0]!()
  expect((await under.ends).code).toBe(0)
  expect((await call(client, 'ModelReady', Uint8Array.of(0x0a, 1, 0x6e)).ends).code).toBe(grpc.status.NOT_FOUND)
  for (const method of ['ModelReady', 'ModelMetadata', 'ModelConfig', 'ModelInfer'])
    for (const bytes of [Uint8Array.of(0x0a, 99), Uint8Array.of(0x0a, 1, 0xff), Uint8Array.of(0xff, 0xff)])
      expect([method, (await call(client, method, bytes).ends).code]).toEqual([method, grpc.status.INVALID_ARGUMENT])
  expect(await failures(served)).toEqual(['reason="OTHER"} 3', 'reason="CANCELED"} 1'].sort())
  const { bytes } = await call(client, 'ModelConfig', Uint8Array.of(0x0a, 1, 0x6d)).ends
  expect([...bytes!.subarray(2, 5)]).toEqual([0x0a, 1, 0x6d])
})

test('a request waits no longer than its call or its message say, whichever is shorter', async () => {
  const { client, served, answers } = await setUp()
  const given = vi.spyOn(served.dispatcher, 'submit')
  const asked = async (timeout: number | undefined, deadline: number | undefined) => {
    const message = exampleRequest({ raw: [arrayBytes(1, 2)], ...(timeout === undefined ? {} : { timeout }) })
    const { ends } = call(client, 'ModelInfer', message, deadline)
    const count = answers.length
    await until(() => answers.length).toBe(count + 1)
    answers[count]!()
    expect((await ends).code).toBe(0)
    return given.mock.lastCall![1]
  }
  const within = (most: number) => expect.toSatisfy((ms: number) => ms > 0 && ms <= most)
  expect(await asked(undefined, undefined)).toBe(null)
  expect(await asked(600_000_000, undefined)).toBe(600_000)
  expect(await asked(undefined, 60_000)).toEqual(within(60_000))
  expect(await asked(600_000_000, 60_000)).toEqual(within(60_000))
  expect(await asked(30_000_000, 60_000)).toBe(30_000)
})

test('a request waits no longer than the server says, whatever it says itself', async () => {
  const { client, served, answers } = await setUp({ timeoutMs: 60_000 })
  const given = vi.spyOn(served.dispatcher, 'submit')
  const { ends } = call(client, 'ModelInfer', exampleRequest({ raw: [arrayBytes(1, 2)], timeout: 600_000_000 }))
  await until(() => answers.length).toBe(1)
  answers[0]!()
  expect([(await ends).code, given.mock.lastCall![1]]).toEqual([0, 60_000])
})

test.each([
  ['stalls', (open: ReturnType<typeof rawClient>['open']) => open(head(9000), Buffer.alloc(8000))],
  ['is whole and never ended', (open: ReturnType<typeof rawClient>['open']) => open(head(8000), Buffer.alloc(8000))],
])('a message that %s is given up after a minute, and its memory is free', async (_, send) => {
  const { served, port } = await setUp()
  const { open } = rawClient(port)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const stream = send(open)
  const closed = new Promise((resolve) => stream.once('close', resolve))
  while (served.budget.bytes < 8005) await new Promise(setImmediate)
  vi.advanceTimersByTime(59_000)
  expect(served.budget.bytes).toBe(8005)
  vi.advanceTimersByTime(1000)
  expect((await responseOf(stream))['grpc-status']).toBe(String(grpc.status.DEADLINE_EXCEEDED))
  await closed
  expect(served.budget.bytes).toBe(0)
})

test('a compressed message is refused before it is decompressed; what only could be compressed is served', async () => {
  const { served, port, answers } = await setUp({ mostBodyBytes: 16 * 1024 * 1024 })
  const { open } = rawClient(port)
  const packed = gzipSync(Buffer.alloc(16 * 1024 * 1024))
  const before = process.memoryUsage().external
  const refused = await Promise.all(
    // The second begins in the midst of a part.
    Array.from({ length: 8 }, (_, k) =>
      responseOf(
        open(...(k % 2 === 0 ? [head(packed.length, true), packed] : [Buffer.concat([head(1), Buffer.of(0), head(9, true)])])),
      ),
    ),
  )
  for (const headers of refused)
    expect([headers['grpc-status'], headers['grpc-accept-encoding']]).toEqual([String(grpc.status.UNIMPLEMENTED), 'identity'])
  expect(process.memoryUsage().external - before).toBeLessThan(2 * 4 * 16 * 1024 * 1024)
  await until(() => served.budget.bytes).toBe(0)
  const message = exampleRequest({ raw: [arrayBytes(1, 2)] })
  const plain = open(head(message.length), message)
  plain.end()
  await until(() => answers.length).toBe(1)
  answers[0]!()
  expect((await responseOf(plain))['grpc-accept-encoding']).toBe('identity')
})

test('an answer counts until it is read, and a client whose window stays shut is given up', async () => {
  const rows = 250_000
  const { served, port, answers } = await setUp({ rows, mostBodyBytes: 700_000 })
  const { open } = rawClient(port, { initialWindowSize: 0 })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const message = exampleRequest({ raw: [arrayBytes(1, 2)] })
  const send = () => {
    const stream = open(head(message.length), message)
    stream.end()
    return stream
  }
  const count = async (bytes: number) => {
    while (answers.length === 0) await new Promise(setImmediate)
    answers.shift()!()
    while (served.budget.bytes < bytes) await new Promise(setImmediate)
  }
  const deaf = send()
  await count(4 * rows)
  // 2.1 MB are held at most by large ones: the third has no room.
  const also = send()
  const third = send()
  await count(8 * rows)
  while (answers.length === 0) await new Promise(setImmediate)
  answers.shift()!()
  expect((await responseOf(third))['grpc-status']).toBe(String(grpc.status.UNAVAILABLE))
  const closed = [deaf, also].map((stream) => new Promise((resolve) => stream.once('close', () => resolve(stream.rstCode))))
  // Below the time of keepalive, which ends all of the connection.
  vi.advanceTimersByTime(30_000 + (1000 * 4 * rows) / 60_000)
  expect(await Promise.all(closed)).toEqual([http2.constants.NGHTTP2_CANCEL, http2.constants.NGHTTP2_CANCEL])
  expect(served.budget.bytes).toBe(0)
})

test('half-open connections are found out, and streams and connections are bounded', async () => {
  let options: Readonly<Record<string, unknown>> = {}
  const servers: grpc.Server[] = []
  const Server = function Spied(given: grpc.ServerOptions) {
    options = given as Readonly<Record<string, unknown>>
    servers.push(new grpc.Server(given))
    return servers[0]
  }
  const { port } = await setUp({ given: { ...grpc, Server } as unknown as GrpcPackage })
  expect(options).toMatchObject({
    'grpc.keepalive_time_ms': 60_000,
    'grpc.keepalive_timeout_ms': 20_000,
    'grpc.max_connection_idle_ms': 300_000,
  })
  const { session } = rawClient(port)
  await new Promise((resolve) => session.once('remoteSettings', resolve))
  expect(session.remoteSettings.maxConcurrentStreams).toBe(1000)
  const [inner] = (servers[0] as unknown as { http2Servers: Map<{ maxConnections: number }, unknown> }).http2Servers.keys()
  expect(inner!.maxConnections).toBe(8192)
})
