// Runs whyslow load against servers whose queues are known and prints how far its mean and p99 are from what the server knows. The server's
// record ends where its own code does; a client also sees the trip (two sockets, two processes woken, HTTP), which a plain socket measures
// on the same server at the same rate. Fails where a mean or p99 is more than 5 % off the record with that trip, or not given although the run has
// as many requests as it takes; how far it is off the bare record stands beside.
//   node bench/load/check-known-queues.mjs [seconds]
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { fileURLToPath } from 'node:url'

const seconds = process.argv[2] ?? '30'
const main = fileURLToPath(new URL('../../dist/whyslow/main.js', import.meta.url))
const serverFile = fileURLToPath(new URL('known-queue-server.mjs', import.meta.url))
const queues = [
  { name: 'M/M/1', workers: 1, serviceMs: 10, fixed: false },
  { name: 'M/D/1', workers: 1, serviceMs: 10, fixed: true },
  { name: 'M/M/4', workers: 4, serviceMs: 20, fixed: false },
  { name: 'M/D/4', workers: 4, serviceMs: 20, fixed: true },
]

/** Erlang's C. */
function waits(workers, load) {
  let sum = 0
  let term = 1
  for (let k = 0; k < workers; k++) {
    sum += term
    term *= load / (k + 1)
  }
  const tail = term / (1 - load / workers)
  return tail / (sum + tail)
}

/** Mean of the whole time: exact for M/M/k and M/D/1, Allen and Cunneen's for M/D/k. */
function theory({ workers, serviceMs, fixed }, utilisation) {
  const wait = (waits(workers, utilisation * workers) * serviceMs) / (workers * (1 - utilisation))
  return serviceMs + (fixed ? wait / 2 : wait)
}

const WITHIN = 0.05
/** LoadGen's floor of the p99: shorter runs have none. */
const LEAST_FOR_P99 = 662
/** How often the trip is measured. */
const TRIPS = 200
const missed = []

/** Mean of what a request that is answered at once takes, ms: a plain socket, `perSecond` apart. */
async function tripMs(port, perSecond) {
  const socket = net.connect(port, '127.0.0.1').setNoDelay(true)
  await once(socket, 'connect')
  let sum = 0
  for (let k = 0; k < TRIPS; k++) {
    await new Promise((resolve) => setTimeout(resolve, 1000 / perSecond))
    const sent = performance.now()
    socket.write('GET /at-once HTTP/1.1\r\nHost: h\r\n\r\n')
    await once(socket, 'data')
    sum += performance.now() - sent
  }
  socket.destroy()
  return sum / TRIPS
}

console.log('queue  load  mean    known   off    p99     known   off    trip    mean with it  p99    theory   generator p50 lag')
for (const queue of queues)
  for (const utilisation of [0.3, 0.6, 0.85]) {
    const server = spawn(process.execPath, [serverFile, JSON.stringify(queue)], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [port] = await once(server.stdout, 'data')
    const address = `http://127.0.0.1:${String(port).trim()}`
    const rate = String((utilisation * queue.workers * 1000) / queue.serviceMs)
    const flags = ['load', `${address}/predict`, '--body', '{}', '--rate', rate, '--duration', seconds, '--json', '-']
    const run = spawnSync(process.execPath, [main, ...flags], { encoding: 'utf8' })
    const expected = await (await fetch(`${address}/expected`)).json()
    const trip = await tripMs(Number(port), Number(rate))
    server.kill()
    if (run.status !== 0) throw new Error(run.stderr)
    const { points } = JSON.parse(run.stdout)
    const [point] = points
    const known = expected.slice(-point.requests)
    const mean = known.reduce((sum, one) => sum + one, 0) / known.length
    const p99 = [...known].sort((a, b) => a - b)[Math.ceil(0.99 * known.length) - 1]
    const isOff = (value, of) => value === null || Math.abs(value / of - 1) > WITHIN
    const at = `${queue.name} at ${Math.round(100 * utilisation)} %`
    if (isOff(point.meanMs, mean + trip)) missed.push(`mean of ${at}`)
    if (known.length >= LEAST_FOR_P99 && isOff(point.p99Ms, p99 + trip)) missed.push(`p99 of ${at}`)
    const off = (value, of) => (value === null ? '  -   ' : `${((100 * (value - of)) / of).toFixed(1)} %`.padEnd(6))
    const ms = (value) => (value === null ? '-' : value.toFixed(2)).padEnd(7)
    console.log(
      `${queue.name}  ${String(100 * utilisation).padEnd(4)}  ${ms(point.meanMs)} ${ms(mean)} ${off(point.meanMs, mean)} ${ms(point.p99Ms)} ${ms(p99)} ${off(point.p99Ms, p99)} ${ms(trip)} ${off(point.meanMs, mean + trip)} ${off(point.p99Ms, p99 + trip)} ${ms(theory(queue, utilisation))}  ${point.lag.p50Ms.toFixed(3)}${point.saturated ? '  SATURATED' : ''}`,
    )
  }
console.log(
  missed.length === 0 ? '\nall within 5 % of the record with the trip' : `\nMISSED by more than 5 %: ${missed.join(', ')}`,
)
process.exitCode = missed.length === 0 ? 0 : 1
