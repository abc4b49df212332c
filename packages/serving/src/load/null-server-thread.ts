// A server that answers at once: what the generator reaches against it is the generator's own ceiling, and the least latency that it sees.
import http2 from 'node:http2'
import net from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { frame } from './grpc/http2.ts'

const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}', 'latin1')
const HEAD_END = Buffer.from('\r\n\r\n', 'latin1')

const httpServer = () =>
  net.createServer((socket) => {
    socket.setNoDelay(true)
    socket.on('error', () => {})
    let left = -1
    socket.on('data', (bytes) => {
      let at = 0
      while (at < bytes.length) {
        if (left < 0) {
          const end = bytes.indexOf(HEAD_END, at)
          if (end < 0) return
          const length = /content-length:\s*(\d+)/i.exec(bytes.toString('latin1', at, end))?.[1]
          left = Number(length ?? 0)
          at = end + HEAD_END.length
        }
        const taken = Math.min(left, bytes.length - at)
        left -= taken
        at += taken
        if (left === 0) {
          left = -1
          socket.write(ANSWER)
        }
      }
    })
  })

const NOTHING = frame(new Uint8Array())

function grpcServer(): http2.Http2Server {
  const server = http2.createServer()
  server.on('stream', (stream) => {
    stream.on('error', () => {})
    stream.resume()
    stream.on('end', () => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end(NOTHING)
    })
  })
  return server
}

const server = (workerData as { readonly kind: 'http' | 'grpc' }).kind === 'grpc' ? grpcServer() : httpServer()
server.listen(0, '127.0.0.1', () => parentPort!.postMessage((server.address() as net.AddressInfo).port))
