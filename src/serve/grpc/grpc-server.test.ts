// The server over gRPC, asked by grpc-js, with a worker whose answers are given by hand.
import http2 from 'node:http2'
import * as grpc from '@grpc/grpc-js'
import { afterEach, expect, test, vi } from 'vitest'
import { createBodyBudget } from '../body-budget.ts'
import { createDispatcher, type Predicted } from '../dispatcher.ts'
import type { Served } from '../http-server.ts'
import { createMetrics } from '../metrics.ts'
import { arrayBytes, exampleRequest } from './example-messages.ts'
import { type GrpcPackage, type GrpcServer, startGrpcServer } from './grpc-server.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

async function setUp({ columns = -1, mostBodyBytes = 10_000 } = {}) {
  const answers: (() => void)[] = []
  const dispatcher = createDispatcher(50, () => performance.now())
  dispatcher.add({
    predict: () =>
      new Promise<Predicted>((resolve) => {
        const y = { dtype: 'float32', shape: [1], data: Float32Array.of(3) } as const
        answers.push(() => resolve({ results: [{ y }], startedMs: 0, endedMs: 0 }))
      }),
  })
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
    timeoutMs: null,
    json: null,
    isReady: () => true,
    refused: () => {},
    log: () => {},
  }
  const server: GrpcServer = await startGrpcServer(served, { grpc: grpc as unknown as GrpcPackage, host: '127.0.0.1', port: 0 })
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

const failures = async ({ metrics }: Served) => {
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
const until = (what: () => unknown) => expect.poll(what, { timeout: 5000 })
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

test('bytes count before a message is whole', async () => {
  const { served, port } = await setUp()
  const session = http2.connect(`http://127.0.0.1:${port}`)
  const send = (bytes: number) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/inference.GRPCInferenceService/ModelInfer',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    stream.on('error', () => {})
    // Its head says 9000 bytes: the rest never comes.
    stream.write(Buffer.concat([Buffer.from([0, 0, 0, 0x23, 0x28]), Buffer.alloc(bytes)]))
    return stream
  }
  const first = send(8000)
  await until(() => served.budget.bytes).toBe(8005)
  const others = [send(8000), send(8000), send(8000)]
  await until(() => served.budget.bytes).toBe(4 * 8005)
  const one = send(8000)
  const status = await new Promise((resolve) => one.once('response', (headers) => resolve(headers['grpc-status'])))
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
