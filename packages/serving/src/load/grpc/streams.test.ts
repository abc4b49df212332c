// The sender against an HTTP/2 server that answers as gRPC's do, and as they should not.
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { freePort } from '../../../../../test/support/port.ts'
import { OUTCOME } from '../records.ts'
import { askOnce } from './ask-once.ts'
import { frame, unframe } from './http2.ts'
import { grpcSender } from './streams.ts'
import type { GrpcTarget } from './target.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

type OnStream = (stream: http2.ServerHttp2Stream, message: Buffer) => void

/** Where it listens, and how many connections it was given. */
async function serverOf(onMessage: OnStream, settings: http2.Settings = {}) {
  const sessions: http2.ServerHttp2Session[] = []
  const server = http2.createServer({ settings })
  server.on('session', (session) => sessions.push(session))
  server.on('stream', (stream) => {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', () => {})
    stream.on('end', () => onMessage(stream, unframe(Buffer.concat(chunks))!))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const place = { secure: false, hostname: '127.0.0.1', address: '127.0.0.1', port, metadata: [] }
  const target: GrpcTarget = { ...place, kind: 'grpc', path: '/s/M', requests: [Buffer.from('a'), Buffer.from('b')] }
  return { target, sessions }
}

function answer(stream: http2.ServerHttp2Stream, trailers: http2.OutgoingHttpHeaders, body = 'yes') {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.once('wantTrailers', () => stream.sendTrailers(trailers))
  stream.end(frame(Buffer.from(body)))
}
const refuse = (stream: http2.ServerHttp2Stream, status: string, message = '') =>
  stream.respond(
    { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': status, 'grpc-message': message },
    { endStream: true },
  )

interface Sent {
  readonly outcomes: number[]
  readonly told: string[]
  readonly order: string[]
  readonly kept: string[]
}

/** What became of so many requests, each of which sends the message of its number; of the first the answer is kept. */
function sendAll(target: GrpcTarget, count: number): Promise<Sent> {
  const [outcomes, told, order, kept]: [number[], string[], string[], string[]] = [[], [], [], []]
  return new Promise((resolve) => {
    let left = count
    const draws = { input: (request: number) => request % target.requests.length, isKept: (request: number) => request === 0 }
    const sender = grpcSender(target, draws, {
      opened: (request) => order.push(`open ${request}`),
      firstByte: (request) => order.push(`first ${request}`),
      done(request, outcome, said, body) {
        order.push(`done ${request}`)
        outcomes[request] = outcome
        told[request] = said
        if (body !== null) kept.push(unframe(body)?.toString() ?? '')
        if (--left === 0) resolve({ outcomes, told, order, kept })
      },
      repeated: () => {},
    })
    ends.push(() => sender.close())
    for (let request = 0; request < count; request++) sender.send(request)
  })
}

test('answers, what they tell, and the order of events', async () => {
  const asked: string[] = []
  const { target } = await serverOf((stream, message) => {
    asked.push(message.toString())
    answer(stream, { 'grpc-status': '0', 'server-timing': 'queue;dur=2' })
  })
  const order = ['open 0', 'first 0', 'done 0']
  expect(await sendAll(target, 1)).toEqual({ outcomes: [200], told: ['queue;dur=2'], order, kept: ['yes'] })
  expect((await sendAll(target, 2)).kept).toEqual(['yes'])
  expect(asked.slice(1).sort()).toEqual(['a', 'b'])
})

test.each([
  ['3', 400],
  ['5', 404],
  ['4', 504],
  ['8', 429],
  ['14', 503],
  ['13', 500],
  ['99', 500],
])('status %s is %d', async (status, outcome) => {
  const { target } = await serverOf((stream) => refuse(stream, status))
  expect((await sendAll(target, 1)).outcomes).toEqual([outcome])
  const late = await serverOf((stream) => answer(stream, { 'grpc-status': status }))
  expect((await sendAll(late.target, 1)).outcomes).toEqual([outcome])
})

test('no status, a stream that is broken off, nobody that listens', async () => {
  const odd = await serverOf((stream) => answer(stream, {}))
  expect((await sendAll(odd.target, 1)).outcomes).toEqual([OUTCOME.malformed])
  const broken = await serverOf((stream) => stream.session!.destroy())
  expect((await sendAll(broken.target, 1)).outcomes).toEqual([OUTCOME.broken])
  const target = { ...odd.target, port: await freePort() }
  expect((await sendAll(target, 1)).outcomes).toEqual([OUTCOME.unreachable])
  await expect(askOnce(target, 'grpc://x', 2000)).rejects.toThrow(/nothing listens there/)
})

test('where a connection takes no more streams another one is opened, and nobody waits', async () => {
  const waiting: http2.ServerHttp2Stream[] = []
  const { target, sessions } = await serverOf(
    (stream) => {
      waiting.push(stream)
      if (waiting.length === 150) for (const one of waiting) answer(one, { 'grpc-status': '0' })
    },
    { maxConcurrentStreams: 100 },
  )
  const { outcomes } = await sendAll(target, 150)
  expect(new Set(outcomes)).toEqual(new Set([200]))
  expect(sessions).toHaveLength(2)
})

test('a first call has the message, and the words of a refusal', async () => {
  const { target } = await serverOf((stream) => answer(stream, { 'grpc-status': '0' }, 'body'))
  expect(await askOnce(target, 'grpc://x', 2000)).toMatchObject({ status: 200, body: Buffer.from('body') })
  const no = await serverOf((stream) => refuse(stream, '5', 'no such%20model'))
  expect(await askOnce(no.target, 'grpc://x', 2000)).toMatchObject({ status: 404, message: 'no such model' })
  const silent = await serverOf(() => {})
  await expect(askOnce(silent.target, 'grpc://x', 100)).rejects.toThrow(/no answer to a first request within 0\.1 s/)
})
