// A server whose queue is known: first come, first served, by so many workers, with service times from a seed. Each answer goes out when
// the simulated worker would be done, to within some 0.1 ms; what each request should have taken is kept, and told at GET /expected.
// GET /at-once is answered without any queue: what the trip alone takes.
//   node bench/load/known-queue-server.mjs '{"workers":1,"serviceMs":10,"fixed":false,"stallEveryMs":0,"stallMs":0,"port":0}'
import http from 'node:http'
import { performance } from 'node:perf_hooks'

const {
  workers = 1,
  serviceMs = 10,
  fixed = false,
  stallEveryMs = 0,
  stallMs = 0,
  port = 0,
  seed = 1,
} = JSON.parse(process.argv[2] ?? '{}')
let state = seed
const random = () => {
  state = (state + 0x6d2b79f5) >>> 0
  let mixed = Math.imul(state ^ (state >>> 15), state | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
}
const freeAt = new Array(workers).fill(0)
const expected = []
const waiting = []
let timer

function answerDue() {
  timer = undefined
  const now = performance.now()
  while (waiting.length > 0 && waiting[0].at <= now) waiting.shift().answer()
  if (waiting.length === 0) return
  const left = waiting[0].at - performance.now()
  timer = left > 2 ? setTimeout(answerDue, left - 1.5) : setImmediate(answerDue)
}

const server = http.createServer((request, response) => {
  if (request.url === '/expected') {
    response.end(JSON.stringify(expected))
    return
  }
  if (request.url === '/at-once') {
    response.end('{"ok":true}')
    return
  }
  const arrived = performance.now()
  request.resume()
  const worker = freeAt.indexOf(Math.min(...freeAt))
  let start = Math.max(arrived, freeAt[worker])
  if (stallEveryMs > 0 && start % stallEveryMs < stallMs) start += stallMs - (start % stallEveryMs)
  const at = start + (fixed ? serviceMs : -Math.log(1 - random()) * serviceMs)
  freeAt[worker] = at
  expected.push(at - arrived)
  const entry = { at, answer: () => response.end('{"ok":true}') }
  let place = waiting.length
  while (place > 0 && waiting[place - 1].at > at) place--
  waiting.splice(place, 0, entry)
  if (place === 0) {
    clearTimeout(timer)
    clearImmediate(timer)
    timer = setImmediate(answerDue)
  }
})
server.keepAliveTimeout = 60_000
server.listen(port, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
