// The server among clients that mean no good, one kind after the other, each next to good clients over HTTP and gRPC: every good request is
// answered, their p99 at most doubles, and the server's memory stays below what docs/serving.md says. Everything goes to 127.0.0.1, and each
// kind is bounded in connections, bytes and time.
//   node bench/load/hostile-clients.mjs [seconds of each] [kinds, as in slow-readers,gzip]
// The last line is the result as JSON.
import { fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import http2 from 'node:http2'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { ms, residentBytes, started, table } from './shared.mjs'

const main = fileURLToPath(new URL('../../dist/whyslow/main.js', import.meta.url))
const INFER = '/v2/models/m/infer'
const MiB = 1024 * 1024
/** `serve` without flags. */
const BODY_LIMIT = 256 * MiB
/** Of resident memory, above that of the server before anybody asked: as docs/serving.md says. */
const BUDGET_BYTES = 8 * BODY_LIMIT + 1024 * MiB
/** A number of x asks for an answer of this size. */
const LARGE_ANSWER = 16 * MiB
/** Good clients ask so often, each over HTTP and over gRPC. */
const EVERY_MS = 20
const MOST_P99 = 2
/** Below this a p99 is what the machine does with its threads, and says nothing about the server. */
const LEAST_P99_MS = 5

// A protobuf field of bytes; a request for x of shape [1, 2] with raw contents, as gRPC frames it.
const varint = (value) => {
  const bytes = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128)
  return Buffer.from([...bytes, value])
}
const field = (number, bytes) => Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes])
const floats = (...values) => Buffer.from(Float32Array.from(values).buffer)
function grpcRequest(...values) {
  const shape = Buffer.concat([varint(1), varint(values.length)])
  const input = Buffer.concat([field(1, Buffer.from('x')), field(2, Buffer.from('FP32')), field(3, shape)])
  return framed(Buffer.concat([field(1, Buffer.from('m')), field(5, input), field(7, floats(...values))]))
}
function framed(message, isCompressed = false) {
  const head = Buffer.alloc(5, isCompressed ? 1 : 0)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}
const CALL = {
  ':method': 'POST',
  ':path': '/inference.GRPCInferenceService/ModelInfer',
  'content-type': 'application/grpc',
  te: 'trailers',
}
const json = (values, parameters = {}) =>
  JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, values.length], data: values }], parameters })
const head = (length, ...more) =>
  [`POST ${INFER} HTTP/1.1`, 'Host: localhost', `Content-Length: ${length}`, ...more, '', ''].join('\r\n')

/** A connection that comes again when it is closed, until the kind ends. */
function again(connect) {
  const socket = connect()
  socket.on('error', () => {})
  socket.on('close', () => setTimeout(() => again(connect), 2000))
}
const connected = (port, use) =>
  again(() => {
    const socket = net.connect(port, '127.0.0.1')
    socket.once('connect', () => use(socket))
    return socket
  })
const session = (port, settings, use) =>
  again(() => {
    const client = http2.connect(`http://127.0.0.1:${port}`, { settings })
    client.once('connect', () => use(client))
    return client
  })
const call = (client, headers = {}) => client.request({ ...CALL, ...headers }).on('error', () => {})

const times = (count, what) => {
  for (let k = 0; k < count; k++) what(k)
}

/** What each kind does; it is ended with its process. */
const KINDS = {
  'slow-readers'({ port, grpcPort }) {
    // One after the other: a burst of large predictions would be overload, and say nothing about those who read slowly.
    const later = (k, start) => setTimeout(start, 300 * k)
    const body = json([555, 0], { binary_data_output: true })
    const read = (socket) => {
      socket.pause()
      socket.write(head(body.length) + body)
      const reads = setInterval(() => socket.read(1024), 1000)
      socket.once('close', () => clearInterval(reads))
    }
    times(20, (k) => later(k, () => connected(port, read)))
    const ask = (client) => (k) => later(k, () => call(client).end(grpcRequest(555, 0)))
    times(2, () => session(grpcPort, { initialWindowSize: 0 }, (client) => times(5, ask(client))))
  },
  'slow-senders'({ port, grpcPort }) {
    const part = Buffer.alloc(16 * 1024, ' ')
    const drip = (stream, everyMs) => {
      const sends = setInterval(() => stream.writableLength === 0 && stream.write(part), everyMs)
      stream.once('close', () => clearInterval(sends))
    }
    times(40, () =>
      connected(port, (socket) => {
        socket.write(head(64 * MiB))
        drip(socket, 500)
      }),
    )
    times(5, () =>
      session(grpcPort, {}, (client) =>
        times(4, () => {
          const stream = call(client)
          stream.write(framed(Buffer.alloc(0)).fill(Buffer.from([0x04, 0, 0, 0]), 1))
          drip(stream, 500)
        }),
      ),
    )
    // Four send nearly all of the largest body, and stop.
    times(4, () =>
      connected(port, async (socket) => {
        socket.write(head(BODY_LIMIT))
        for (let k = 0; k < 250 && !socket.destroyed; k++) {
          if (!socket.write(Buffer.alloc(MiB, ' ')))
            await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve))
          await sleep(10)
        }
      }),
    )
  },
  'half-open'({ port, grpcPort }) {
    const half = json([1, 2])
    times(200, (k) =>
      connected(port, (socket) => {
        socket.write([head(half.length) + half.slice(0, 20), 'POST /v2/mod', head(half.length)][k % 3])
      }),
    )
    times(100, () => connected(grpcPort, () => {}))
    times(100, () =>
      session(grpcPort, {}, (client) => {
        call(client).write(grpcRequest(1, 2).subarray(0, 20))
      }),
    )
  },
  gzip({ port, grpcPort }) {
    const bomb = framed(gzipSync(Buffer.alloc(BODY_LIMIT)), true)
    session(grpcPort, {}, (client) => {
      const sends = setInterval(() => times(8, () => call(client, { 'grpc-encoding': 'gzip' }).end(bomb)), 500)
      client.once('close', () => clearInterval(sends))
    })
    const packed = gzipSync(Buffer.alloc(MiB, ' '))
    connected(port, (socket) => {
      const sends = setInterval(
        () => socket.write(Buffer.concat([Buffer.from(head(packed.length, 'Content-Encoding: gzip')), packed])),
        100,
      )
      socket.once('close', () => clearInterval(sends))
      socket.resume()
    })
  },
  'stream-floods'({ grpcPort }) {
    times(4, (k) =>
      session(grpcPort, {}, (client) => {
        // Half of them open as many streams as they may; the others end each at once.
        const sends = setInterval(
          () =>
            times(10, () => {
              if (k % 2 === 0) call(client).write(grpcRequest(1, 2).subarray(0, 4))
              else call(client).close(http2.constants.NGHTTP2_CANCEL)
            }),
          100,
        )
        client.once('close', () => clearInterval(sends))
      }),
    )
  },
  async 'large-json'({ port }) {
    const around = json(['@']).split('"@"')
    const zeros = () => Buffer.from(`${around[0]}${'0,'.repeat(BODY_LIMIT / 2 - 1000)}0${around[1]}`)
    // What is answered: few enough values for the memory that one request may take.
    const numbers = 9_000_000
    const long = () =>
      Buffer.from(`${around[0].replace('[1,1]', `[1,${numbers + 1}]`)}${'0.12345678901234567,'.repeat(numbers)}0${around[1]}`)
    for (const body of [long(), zeros()])
      void (async () => {
        for (;;) {
          await new Promise((resolve) => {
            const request = http.request({ port, path: INFER, method: 'POST', agent: false }, (response) => {
              response.resume()
              response.once('close', () => {
                process.send({ status: response.statusCode })
                resolve()
              })
            })
            request.once('error', resolve)
            request.end(body)
          })
          await sleep(1000)
        }
      })()
  },
}

if (process.send !== undefined) {
  // Whoever means no good gets what the others leave of the CPU: what is asked is what the server does.
  os.setPriority(10)
  process.once('message', ({ kind, ports }) => KINDS[kind](ports))
  process.once('disconnect', () => process.exit())
} else await measure()

function hostile(kind, ports) {
  const child = fork(fileURLToPath(import.meta.url), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const statuses = {}
  child.on('message', ({ status }) => {
    statuses[status] = (statuses[status] ?? 0) + 1
  })
  child.send({ kind, ports })
  return {
    statuses,
    end: () =>
      new Promise((resolve) => {
        child.once('exit', resolve)
        child.kill('SIGKILL')
      }),
  }
}

/** Good clients for so long: latencies from when each request was due, and errors. */
async function goodClients({ port, grpcPort }, seconds) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 })
  const client = http2.connect(`http://127.0.0.1:${grpcPort}`)
  const body = json([1, 2])
  const message = grpcRequest(1, 2)
  const ask = {
    http: () =>
      new Promise((resolve) => {
        const request = http.request({ port, path: INFER, method: 'POST', agent }, (response) => {
          let text = ''
          response.on('data', (chunk) => {
            text += chunk
          })
          response.once('close', () =>
            resolve(text.includes('"data":[2,3]') ? null : `${response.statusCode} ${text.slice(0, 100)}`),
          )
        })
        request.once('error', (error) => resolve(error.message))
        request.end(body)
      }),
    grpc: () =>
      new Promise((resolve) => {
        const stream = client.request(CALL)
        let bytes = Buffer.alloc(0)
        let [status, reason] = [null, '']
        stream.on('response', (headers) => {
          status = headers['grpc-status'] ?? status
          reason = headers['grpc-message'] ?? ''
        })
        stream.on('trailers', (headers) => {
          status = headers['grpc-status']
        })
        stream.on('data', (chunk) => {
          bytes = Buffer.concat([bytes, chunk])
        })
        stream.once('error', (error) => resolve(error.message))
        stream.once('close', () =>
          resolve(status === '0' && bytes.includes(floats(2, 3)) ? null : `grpc-status ${status} ${reason}`),
        )
        stream.end(message)
      }),
  }
  const latencies = { http: [], grpc: [] }
  const errors = []
  const asked = []
  const from = performance.now()
  for (let due = from; due < from + 1000 * seconds; due += EVERY_MS) {
    if (due > performance.now()) await sleep(due - performance.now())
    for (const kind of ['http', 'grpc'])
      asked.push(
        ask[kind]().then((error) => {
          latencies[kind].push(performance.now() - due)
          if (error !== null) errors.push(`${kind}: ${error}`)
        }),
      )
  }
  await Promise.all(asked)
  agent.destroy()
  client.close()
  const p99 = (values) => values.sort((a, b) => a - b)[Math.floor(0.99 * values.length)]
  return { requests: asked.length, errors, p99Ms: { http: p99(latencies.http), grpc: p99(latencies.grpc) } }
}

async function measure() {
  const [seconds = '60', kinds = Object.keys(KINDS).join(',')] = process.argv.slice(2)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'hostile-clients-'))
  writeFolder(folder)
  // Overload is another question: the queue has room for all.
  const args = [main, 'serve', folder, '--port', '0', '--grpc-port', '0', '--name', 'm', '--workers', '2', '--queue-size', '1000']
  const server = await started(process.execPath, args, /(:\d+\/v2.*gRPC at 127\.0\.0\.1:\d+)/)
  const [port, grpcPort] = /:(\d+)\/v2.*:(\d+)$/.exec(server.found).slice(1).map(Number)
  const ports = { port, grpcPort }
  const metric = async (name) => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    return Number(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'm').exec(text)?.[1])
  }
  const during = async (kind) => {
    const others = kind === null ? null : hostile(kind, ports)
    if (others !== null) await sleep(1000)
    await metric('nodejs_eventloop_lag_max_seconds')
    let most = 0
    const watch = setInterval(() => {
      most = Math.max(most, residentBytes(server.pid))
    }, 100)
    const good = await goodClients(ports, Number(seconds))
    clearInterval(watch)
    const loopDelayMs = 1000 * (await metric('nodejs_eventloop_lag_max_seconds'))
    const heldBytes = await metric('whyslow_request_bytes')
    await others?.end()
    return { kind, ...good, mostBytes: most, loopDelayMs, heldBytes, statuses: others?.statuses ?? {} }
  }
  try {
    await goodClients(ports, Math.min(5, Number(seconds)))
    const idleBytes = residentBytes(server.pid)
    const alone = await during(null)
    const rows = []
    for (const kind of kinds.split(',')) {
      rows.push(await during(kind))
      await sleep(1000)
    }
    const limits = Object.fromEntries(['http', 'grpc'].map((one) => [one, Math.max(LEAST_P99_MS, MOST_P99 * alone.p99Ms[one])]))
    const failures = rows.flatMap(({ kind, errors, p99Ms, mostBytes }) => [
      ...errors.slice(0, 3).map((error) => `${kind}: a good client got ${error}`),
      ...Object.keys(limits)
        .filter((one) => p99Ms[one] > limits[one])
        .map((one) => `${kind}: p99 ${one} ${ms(p99Ms[one])} ms, above ${ms(limits[one])} ms`),
      ...(mostBytes - idleBytes > BUDGET_BYTES ? [`${kind}: memory ${(mostBytes / 1e6).toFixed(0)} MB`] : []),
    ])
    const cells = ({ kind, requests, errors, p99Ms, mostBytes, loopDelayMs, heldBytes, statuses }) => [
      ...[kind ?? 'nobody', requests, errors.length, ms(p99Ms.http), ms(p99Ms.grpc), (mostBytes / 1e6).toFixed(0)],
      ...[(heldBytes / 1e6).toFixed(0), loopDelayMs.toFixed(0), JSON.stringify(statuses)],
    ]
    table([
      ['among', 'good requests', 'errors', 'p99 HTTP ms', 'p99 gRPC ms', 'memory MB', 'held MB', 'loop delay ms', 'statuses'],
      ...[alone, ...rows].map(cells),
    ])
    for (const one of failures) console.log(one)
    const status = await server.end()
    if (status !== 0) failures.push(`the server ended with ${status}`)
    console.log(JSON.stringify({ seconds: Number(seconds), idleBytes, alone, rows, failures }))
    process.exitCode = failures.length > 0 ? 1 : 0
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** y is x and one more; 555 asks for a large answer. */
function writeFolder(folder) {
  mkdirSync(folder, { recursive: true })
  const tensor = (name) => ({ name, isTensor: true, dtype: 'float32', shape: ['n', 'm'] })
  const manifest = { schema: 'whyslow-folder/1', model: 'model.onnx', inputs: [tensor('x')], outputs: [tensor('y')] }
  writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify(manifest))
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(
    path.join(folder, 'predict.mjs'),
    `const large = new Float32Array(${LARGE_ANSWER / 4})
export const load = async () => ({
  predict: async ({ x }) =>
    x.data[0] === 555
      ? { y: { type: 'float32', dims: [1, large.length], data: large } }
      : { y: { type: 'float32', dims: x.dims, data: x.data.length > 100 ? x.data : x.data.map((one) => one + 1) } },
  close: async () => {},
})
`,
  )
}
