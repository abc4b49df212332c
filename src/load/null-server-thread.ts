// A server that answers at once: what the generator reaches against it is the generator's own ceiling, and the least latency that it sees.
import net from 'node:net'
import { parentPort } from 'node:worker_threads'

const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}', 'latin1')
const HEAD_END = Buffer.from('\r\n\r\n', 'latin1')

const server = net.createServer((socket) => {
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
server.listen(0, '127.0.0.1', () => parentPort!.postMessage((server.address() as net.AddressInfo).port))
