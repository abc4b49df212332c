// The mock engine behind HTTP, on a port that is free: what clients of such servers are tested with.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { type MockDialect, mockDialects } from './mock-dialects.ts'
import { MockEngine, type MockListener, type MockSchedule, PLAIN } from './mock-engine.ts'

export interface MockServer {
  readonly url: string
  /** 'GET /v1/models', in the order in which they came. */
  readonly requests: readonly string[]
  readonly bodies: readonly Record<string, unknown>[]
  /** Connections that clients opened. */
  readonly connections: () => number
  close(): Promise<void>
}

export interface MockFaults {
  /** Paths that are answered; absent: all. */
  readonly paths?: readonly string[]
  readonly models?: readonly string[]
  readonly ownedBy?: string
  /** Answered with 400 if the body has it. */
  readonly refuses?: readonly string[]
  /** Answers in one piece, whatever is asked for. */
  readonly neverStreams?: boolean
  /** Breaks off after so many chunks: the connection ends, or a message reports an error. */
  readonly breaksAfter?: number
  readonly failsAfter?: number
  /** Nothing more comes after so many chunks. */
  readonly hangsAfter?: number
  /** Says that connections stay open, and closes each when it is used again. */
  readonly closes?: boolean
  /** Tokens however many were asked for. */
  readonly neverEnds?: boolean
  /** Answers every prompt with this status. */
  readonly status?: number
}

export async function startMockServer(given: Partial<MockSchedule> = {}, faults: MockFaults = {}): Promise<MockServer> {
  const schedule = { ...PLAIN, prefillMsPerToken: 0, tokenMs: 0, ...given }
  const engine = new MockEngine(schedule, () => performance.now())
  const requests: string[] = []
  const bodies: Record<string, unknown>[] = []
  let isStepping = false
  const run = () => {
    if (isStepping) return
    const step = engine.next()
    if (step === null) return
    isStepping = true
    const finish = () => {
      isStepping = false
      step.finish()
      run()
    }
    if (step.ms > 0) setTimeout(finish, step.ms)
    else setImmediate(finish)
  }
  let connections = 0
  const used = new WeakSet<object>()
  const server = http.createServer(async (request, response) => {
    if (faults.closes === true && used.has(request.socket)) return request.socket.destroy()
    used.add(request.socket)
    const path = new URL(request.url!, 'http://mock').pathname
    requests.push(`${request.method} ${path}`)
    const body = await bodyOf(request)
    if (faults.paths !== undefined && !faults.paths.includes(path)) return answer(response, 404, { error: 'no such path' })
    if (path === '/v1/models') return answer(response, 200, modelsOf(faults))
    if (path === '/api/tags') return answer(response, 200, { models: (faults.models ?? ['mock']).map((name) => ({ name })) })
    if (path === '/props') return answer(response, 200, { default_generation_settings: { n_ctx: 512 }, model_path: 'mock.gguf' })
    const dialect = mockDialects[path]
    if (dialect === undefined || body === null) return answer(response, 404, { error: { message: `no such path: ${path}` } })
    bodies.push(body)
    if (faults.status !== undefined)
      return answer(response, faults.status, { error: { message: 'the model `none` does not exist' } })
    const refused = (faults.refuses ?? []).find((name) => name in body)
    if (refused !== undefined)
      return answer(response, 400, { error: { message: `Unrecognized request argument supplied: ${refused}` } })
    const streams = faults.neverStreams !== true && (body.stream === true || path.startsWith('/api/'))
    response.writeHead(200, { 'content-type': streams ? dialect.contentType : 'application/json', server: 'mock/1.2' })
    const asked = dialect.request(body)
    const listener = listenerOf(response, dialect, { streams, schedule, faults })
    engine.submit(faults.neverEnds === true ? { ...asked, newTokens: 100_000, endsAfter: null } : asked, listener)
    response.on('close', () => engine.drop(listener))
    run()
  })
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    bodies,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const modelsOf = ({ models = ['mock'], ownedBy = 'somebody' }: MockFaults) => ({
  object: 'list',
  data: models.map((id) => ({ id, object: 'model', owned_by: ownedBy, max_model_len: 2048 })),
})

function listenerOf(
  response: http.ServerResponse,
  dialect: MockDialect,
  { streams, schedule, faults }: { streams: boolean; schedule: MockSchedule; faults: MockFaults },
): MockListener {
  let chunks = 0
  const whole: string[] = []
  if (streams && dialect.start !== '') response.write(dialect.start)
  return {
    chunk(chunk) {
      if (!streams) whole.push(chunk.text)
      else if (chunks === faults.breaksAfter) response.destroy()
      else if (chunks === faults.failsAfter) response.end(dialect.error('out of memory'))
      else if (faults.hangsAfter === undefined || chunks < faults.hangsAfter) response.write(dialect.chunk(chunk))
      chunks++
    },
    end(ended, counts) {
      if (!streams) response.end(JSON.stringify({ choices: [{ message: { content: whole.join('') }, finish_reason: ended }] }))
      else if (faults.hangsAfter === undefined) response.end(dialect.end(ended, schedule.usage ? counts : null))
    },
  }
}

function answer(response: http.ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

/** null: none, or not JSON. */
async function bodyOf(request: http.IncomingMessage): Promise<Record<string, unknown> | null> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as Record<string, unknown>
  } catch {
    return null
  }
}
