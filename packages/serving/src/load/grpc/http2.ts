// gRPC as it is on HTTP/2: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md. A message has a byte that says whether it is
// compressed and its length before it; how a call ended stands in the trailers, or in the head if there is no message.
import http2 from 'node:http2'
import net from 'node:net'
import type { GrpcTarget } from './target.ts'

export function frame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

/** The first message of what came; null if it is not whole, or compressed, which nobody asked for. */
export function unframe(bytes: Buffer): Buffer | null {
  if (bytes.length < 5 || bytes[0] !== 0) return null
  const length = bytes.readUInt32BE(1)
  return bytes.length < 5 + length ? null : bytes.subarray(5, 5 + length)
}

/** gRPC's statuses as those of HTTP that say the same: https://grpc.io/docs/guides/status-codes/ */
const STATUSES = [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401]

/** As HTTP would say it; null: the call did not end as gRPC's do. */
export function statusOf(headers: http2.IncomingHttpHeaders): number | null {
  const status = headers['grpc-status']
  return typeof status === 'string' && /^\d+$/.test(status) ? (STATUSES[Number(status)] ?? 500) : null
}

export function connect({ secure, hostname, address, port }: GrpcTarget): http2.ClientHttp2Session {
  const host = address.includes(':') ? `[${address}]` : address
  const name = net.isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? { servername: hostname } : {}
  return http2.connect(`${secure ? 'https' : 'http'}://${host}:${port}`, secure ? name : {})
}

export function call(session: http2.ClientHttp2Session, target: GrpcTarget, frame: Uint8Array): http2.ClientHttp2Stream {
  const { secure, hostname, port, path, metadata } = target
  const stream = session.request({
    ...Object.fromEntries(metadata),
    ':method': 'POST',
    ':path': path,
    ':scheme': secure ? 'https' : 'http',
    ':authority': `${hostname}:${port}`,
    'content-type': 'application/grpc',
    te: 'trailers',
    'user-agent': 'whyslow',
  })
  stream.end(frame)
  return stream
}
