// A server in this process that speaks as much of S3 as whyslow asks for, for tests: objects by path, with ranges, and requests that are signed.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ExampleS3 {
  readonly endpoint: string
  /** By bucket and key, as /bucket/key. */
  readonly objects: Map<string, Buffer>
  /** As 'GET /bucket/key bytes=3-', in order. */
  readonly asked: string[]
  /** The next body breaks off after so many bytes; null: none does. */
  breakOffAfter: number | null
  /** Answers everything with this; null: as it should. */
  refuseWith: { readonly status: number; readonly code: string } | null
  /** Ranges are not understood: the whole object comes. */
  ignoresRanges: boolean
  /** Goes behind each body, as if it were part of it, though it was not counted before; null: nothing does. */
  sendsMore: Buffer | null
  close(): Promise<void>
}

export async function exampleS3(bucket: string): Promise<ExampleS3> {
  const objects = new Map<string, Buffer>()
  const asked: string[] = []
  const server = createServer((request, response) => void answer(request, response))
  const state: ExampleS3 = {
    endpoint: '',
    objects,
    asked,
    breakOffAfter: null,
    refuseWith: null,
    ignoresRanges: false,
    sendsMore: null,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
  const refuse = (response: ServerResponse, status: number, code: string) =>
    response
      .writeHead(status, { 'content-type': 'application/xml' })
      .end(`<Error><Code>${code}</Code><Message>no</Message></Error>`)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: key } = new URL(request.url!, 'http://host')
    asked.push([request.method, key, request.headers.range ?? ''].join(' ').trim())
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (state.refuseWith !== null) return void refuse(response, state.refuseWith.status, state.refuseWith.code)
    if (!request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 ')) return void refuse(response, 403, 'AccessDenied')
    if (!key.startsWith(`/${bucket}/`)) return void refuse(response, 404, 'NoSuchBucket')
    if (request.method === 'PUT') {
      objects.set(key, Buffer.concat(chunks))
      return void response.writeHead(200).end()
    }
    const object = objects.get(key)
    if (object === undefined) return void refuse(response, 404, 'NoSuchKey')
    const from = state.ignoresRanges ? 0 : Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const more = request.method === 'GET' && state.sendsMore !== null ? [state.sendsMore] : []
    const part = Buffer.concat([object.subarray(from), ...more])
    const range = from === 0 ? {} : { 'content-range': `bytes ${from}-${object.length - 1}/${object.length}` }
    response.writeHead(from === 0 ? 200 : 206, { 'content-length': part.length, ...range })
    if (request.method === 'HEAD') return void response.end()
    if (state.breakOffAfter === null) return void response.end(part)
    response.write(part.subarray(0, state.breakOffAfter), () => response.destroy())
    state.breakOffAfter = null
  }

  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return Object.assign(state, { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}
