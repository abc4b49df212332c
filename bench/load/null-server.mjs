// A server that answers at once, whatever it is asked. Prints its port.
import net from 'node:net'

const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
const server = net.createServer((socket) => {
  socket.setNoDelay(true)
  socket.on('error', () => {})
  // Bodies here are as short as '{}': a request comes in one piece.
  socket.on('data', () => socket.write(ANSWER))
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
