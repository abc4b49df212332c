// The server for minutes at 80 % of the rate that it keeps up with, while others send it nonsense, crawl and vanish: is its memory flat, is every
// good request answered, and does a signal at the end lose nothing that was accepted? What clients that wait for their answers reach is more than
// what it keeps up with where nobody waits: the rate is searched for with arrivals by a timeline, none refused and no queue that grows.
//   node bench/load/soak.mjs [seconds] [model.onnx]
import http from 'node:http'
import net from 'node:net'
import { here, load, ms, rate, residentBytes, serve } from './shared.mjs'

const [given = '600', model = here('../../fixtures/models/credit_mlp.onnx')] = process.argv.slice(2)
const seconds = Number(given)
const SHARE = 0.8
/** The search for the rate: of what clients reach, from rate to rate, and how near it ends. */
const FIRST = 0.8
const STEP = 1.25
const PRECISION = 1.1
/** From a fifth of the run on, when all has been allocated once, to its end. */
const MOST_GROWTH = 0.1
/** Of one run, its warm-up among them. */
const MOST_REQUESTS = 1_300_000

const server = await serve(model, '--name', 'm')
const { port, pathname } = new URL(server.found)
const asked = (...flags) => load(server.found, '--protocol', 'oip', ...flags)
const { points: full } = await asked('--concurrency', '16', '--duration', '2')
const closed = full[0].achievedPerSecond

/** Twice, since one short run may be lucky. */
async function keepsUp(perSecond) {
  for (let k = 0; k < 2; k++) {
    const { points } = await asked('--rate', String(perSecond), '--duration', '4', '--seed', String(100 + k))
    const [{ errors, saturated, keepsUp }] = points
    const held = errors === 0 && !saturated && keepsUp === true
    const not = saturated ? 'overloaded' : errors > 0 ? `${errors} errors` : 'not known whether it keeps up'
    process.stderr.write(`${rate(perSecond)} requests/s: ${held ? 'kept up' : not}\n`)
    if (!held) return false
  }
  return true
}

let [most, above] = [null, null]
for (let next = FIRST * closed; most === null || above === null || above / most > PRECISION; ) {
  if (await keepsUp(next)) most = next
  else above = next
  if (above !== null && above < closed / 20) throw new Error(`it does not even keep up with ${rate(above)} requests/s`)
  if (most === null) next /= STEP
  else if (above === null) next *= STEP
  else next = Math.sqrt(most * above)
}
const perSecond = SHARE * most
console.log(
  `${rate(closed)} answers/s to 16 clients; it keeps up with ${rate(most)} requests/s, not with ${rate(above)}; ${rate(perSecond)} requests/s for ${seconds} s`,
)

/** One of each kind of stranger; several times a second. */
const strangers = [
  (socket) =>
    socket.write(`POST ${pathname}/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"inputs":`, () =>
      setTimeout(() => socket.destroy(), 50),
    ),
  (socket) => socket.end(`POST ${pathname}/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: 14\r\n\r\n{"inputs": []}`),
  (socket) => socket.end('nonsense\r\n\r\n'),
  (socket) => socket.write('G', () => setTimeout(() => socket.destroy(), 3000)),
  (socket) =>
    socket.end(`POST ${pathname}/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n${'['.repeat(200_000)}`),
]
let strange = 0
const disturb = setInterval(() => {
  const socket = net.connect(Number(port), '127.0.0.1')
  socket.on('error', () => {})
  socket.on('data', () => {})
  socket.once('connect', () => strangers[strange++ % strangers.length](socket))
}, 50)

const resident = []
const watch = setInterval(() => resident.push(residentBytes(server.pid)), (1000 * seconds) / 200)
// One run keeps a million requests and a half at most: one after the other.
const runs = []
const pieces = Math.ceil((seconds * perSecond) / MOST_REQUESTS)
for (let k = 0; k < pieces; k++)
  runs.push(await asked('--rate', String(perSecond), '--duration', String(seconds / pieces), '--seed', String(k + 1)))
clearInterval(watch)
clearInterval(disturb)
const points = runs.flatMap((run) => run.points)
const sum = (values) => values.reduce((total, value) => total + value, 0)
const [requests, errors] = [sum(points.map((point) => point.requests)), sum(points.map((point) => point.errors))]
const lost = sum(runs.map(({ audit }) => audit.lost))
const saturated = points.some((point) => point.saturated)
const laws = points.flatMap((point) => point.laws ?? [])
const statuses = {}
for (const point of points)
  for (const [status, many] of Object.entries(point.statuses)) statuses[status] = (statuses[status] ?? 0) + many
const p99s = points.map(({ p99Ms }) => ms(p99Ms)).join(', ')
const after = resident.slice(Math.floor(resident.length / 5))
const middle = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
const [early, late] = [middle(after.slice(0, Math.ceil(after.length / 4))), middle(after.slice(-Math.ceil(after.length / 4)))]
const growth = late / early - 1
console.log(
  `${requests} requests, ${errors} without a good answer (${JSON.stringify(statuses)}), ${strange} strangers, p99 ${p99s} ms${saturated ? ', SATURATED' : ''}`,
)
console.log(
  `memory ${(early / 1e6).toFixed(0)} MB after a fifth, ${(late / 1e6).toFixed(0)} MB at the end (${(100 * growth).toFixed(1)} %)`,
)
console.log(`laws: ${laws.map(({ law, ok }) => `${law} ${ok ? 'holds' : 'DOES NOT HOLD'}`).join(', ')}; lost ${lost}`)

// SIGTERM while requests are under way: each gets its answer, or was never accepted.
const { inputs } = await (await fetch(server.found)).json()
const zeros = inputs.map(({ name, datatype, shape: declared }) => {
  const shape = declared.map((size) => (size < 0 ? 1 : size))
  return { name, datatype, shape, data: new Array(shape.reduce((product, size) => product * size, 1)).fill(0) }
})
const body = JSON.stringify({ inputs: zeros })
const ends = []
for (let k = 0; k < 200; k++)
  ends.push(
    new Promise((resolve) => {
      const request = http.request({ port, path: `${pathname}/infer`, method: 'POST', agent: false }, (response) => {
        response.resume()
        response.once('end', () => resolve('answered'))
        response.once('aborted', () => resolve('LOST'))
      })
      request.once('error', () => resolve('not accepted'))
      request.end(body)
    }),
  )
const status = await server.end()
const all = await Promise.all(ends)
const counts = [...new Set(all)].map((end) => `${all.filter((one) => one === end).length} ${end}`)
console.log(`SIGTERM: status ${status}; ${counts.join(', ')}`)
process.exitCode = growth > MOST_GROWTH || errors > 0 || saturated || all.includes('LOST') || status !== 0 || lost > 0 ? 1 : 0
