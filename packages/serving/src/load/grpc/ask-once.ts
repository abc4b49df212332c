// One call, alone, before anything is measured: what a server says of its model, and whether it answers at all.
import { InputError } from '@whyslow/graph/input-error.ts'
import { call, connect, frame, statusOf, unframe } from './http2.ts'
import type { GrpcTarget } from './target.ts'

export interface GrpcAnswer {
  /** As HTTP would say it. */
  readonly status: number
  /** The server's words where it refused. */
  readonly message: string
  readonly body: Buffer
  readonly latencyMs: number
}

/** Calls with the target's first message. Throws InputError if no answer comes that is gRPC's. */
export function askOnce(target: GrpcTarget, shown: string, timeoutMs: number): Promise<GrpcAnswer> {
  const startedMs = performance.now()
  return new Promise((resolve, reject) => {
    const session = connect(target)
    const fail = (why: string) => settle(() => reject(new InputError(`${shown}: ${why}`)))
    const limit = setTimeout(() => fail(`no answer to a first request within ${timeoutMs / 1000} s`), timeoutMs)
    const settle = (end: () => void) => {
      clearTimeout(limit)
      session.destroy()
      end()
    }
    const onError = ({ code, message }: NodeJS.ErrnoException) =>
      fail(
        code === 'ECONNREFUSED'
          ? 'nothing listens there; is the server running?'
          : `what answers there speaks no gRPC (${code ?? message})`,
      )
    session.on('error', onError)
    const stream = call(session, target, frame(target.requests[0]!))
    const chunks: Buffer[] = []
    let status: number | null = null
    let message = ''
    const take = (headers: Parameters<typeof statusOf>[0]) => {
      status ??= statusOf(headers)
      const told = headers['grpc-message']
      if (typeof told === 'string') message = decodedMessage(told)
    }
    stream.on('response', take)
    stream.on('trailers', take)
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    // A stream ends with its connection, for the connection's reason.
    stream.on('error', (error) => onError((error.cause ?? error) as NodeJS.ErrnoException))
    stream.on('close', () => {
      const body = unframe(Buffer.concat(chunks))
      if (status === null || (status === 200 && body === null)) fail('what answers there speaks no gRPC')
      else {
        const known = status
        settle(() => resolve({ status: known, message, body: body ?? Buffer.alloc(0), latencyMs: performance.now() - startedMs }))
      }
    })
  })
}

/** Percent-encoded. */
function decodedMessage(told: string): string {
  try {
    return decodeURIComponent(told)
  } catch {
    return told
  }
}
