// The server that whyslow ships beside MLServer and FastAPI with onnxruntime, on the same machine in one run: the highest rate that each holds
// with p99 below 20 ms, each in every set-up that shares the CPUs sensibly, in an order that is drawn. The goal is 1.5 times the best of the others.
//   MLSERVER_PYTHON=… FASTAPI_PYTHON=… node bench/load/servers.mjs [seconds of a run] [model.onnx[:1x1x28x28,…] …]
// MLSERVER_PYTHON: an interpreter with mlserver and onnxruntime; FASTAPI_PYTHON: with fastapi, uvicorn and onnxruntime. Behind a model stand the
// shapes of its inputs where a size is free.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { here, load, missing, rate, serve, started, table } from './shared.mjs'

const [given, ...models] = process.argv.slice(2)
const seconds = given ?? '15'
const fixture = (name) => here(`../../fixtures/models/${name}.onnx`)
const all = models.length > 0 ? models : [`${fixture('credit_mlp')}:1x23`, `${fixture('fmnist_gru')}:1x28x28`]
const cpus = availableParallelism()
const OBJECTIVE = 'p99<20ms'
const GOAL = 1.5
const temporary = mkdtempSync(path.join(tmpdir(), 'bench-servers-'))
process.on('exit', () => rmSync(temporary, { recursive: true, force: true }))

async function untilReady(url, server) {
  for (let k = 0; k < 120; k++) {
    const answers = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    )
    if (answers) return
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  throw new Error(`not ready within a minute: ${server.text().trim().split('\n').at(-1)}`)
}

const freePort = async () => {
  const { createServer } = await import('node:net')
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

const whyslow = (batch) => ({
  name: `whyslow serve${batch === null ? '' : `, --max-batch ${batch}`}`,
  wire: 'v2, binary',
  own: true,
  async start(model) {
    const server = await serve(model, '--name', 'm', ...(batch === null ? [] : ['--max-batch', batch]))
    return { server, ask: (flags) => load(server.found, '--protocol', 'oip', ...flags) }
  },
})

const mlserver = (workers) => ({
  name: `MLServer, ${workers === 0 ? 'in its own process' : `${workers} workers`}`,
  wire: 'v2, JSON',
  why: () => needs('MLSERVER_PYTHON'),
  async start(model, shapes) {
    const folder = mkdtempSync(path.join(temporary, 'mlserver-'))
    const [port, grpc, metrics] = [await freePort(), await freePort(), await freePort()]
    const settings = {
      host: '127.0.0.1',
      http_port: port,
      grpc_port: grpc,
      metrics_port: metrics,
      parallel_workers: workers,
      debug: false,
    }
    writeFileSync(path.join(folder, 'settings.json'), JSON.stringify(settings))
    const declared = { name: 'm', implementation: 'mlserver_runtime.OnnxModel', parameters: { uri: model } }
    writeFileSync(path.join(folder, 'model-settings.json'), JSON.stringify(declared))
    const env = { ...process.env, PYTHONPATH: here('.'), THREADS: String(workers === 0 ? cpus : 1) }
    const server = await started(
      path.join(path.dirname(process.env.MLSERVER_PYTHON), 'mlserver'),
      ['start', folder],
      /(Uvicorn running|Started|Using)/,
      { env },
    )
    await untilReady(`http://127.0.0.1:${port}/v2/models/m/ready`, server)
    const body = path.join(folder, 'body.json')
    writeFileSync(body, JSON.stringify({ inputs: tensorsOf(shapes) }))
    const headers = ['--header', 'Content-Type: application/json']
    return {
      server,
      ask: (flags) => load(`http://127.0.0.1:${port}/v2/models/m/infer`, '--body', `@${body}`, ...headers, ...flags),
    }
  },
})

const fastapi = (workers, wire) => ({
  name: `FastAPI and onnxruntime, ${workers} worker${workers === 1 ? '' : 's'}`,
  wire,
  why: () => needs('FASTAPI_PYTHON'),
  async start(model, shapes) {
    const port = await freePort()
    const env = {
      ...process.env,
      MODEL: model,
      THREADS: String(Math.max(1, Math.floor(cpus / workers))),
      SHAPES: shapes.map(({ shape }) => shape.join('x')).join(','),
    }
    const flags = [
      '-m',
      'uvicorn',
      '--app-dir',
      here('.'),
      'fastapi_server:app',
      '--port',
      port,
      '--workers',
      workers,
      '--no-access-log',
      '--log-level',
      'info',
    ]
    const server = await started(process.env.FASTAPI_PYTHON, flags.map(String), /(Uvicorn running)/, { env })
    await untilReady(`http://127.0.0.1:${port}/health`, server)
    const body = path.join(temporary, `body-${port}`)
    const tensors = tensorsOf(shapes)
    const json = Object.fromEntries(tensors.map(({ name, shape, data }) => [name, nested(data, shape)]))
    writeFileSync(body, wire === 'JSON' ? JSON.stringify(json) : Buffer.concat(tensors.map(({ bytes }) => bytes)))
    return {
      server,
      ask: (more) => load(`http://127.0.0.1:${port}/${wire === 'JSON' ? 'json' : 'raw'}`, '--body', `@${body}`, ...more),
    }
  },
})

const needs = (name) => (process.env[name] === undefined ? `${name} names no interpreter` : missing(process.env[name]))

const ARRAYS = { FP32: Float32Array, FP64: Float64Array, INT64: BigInt64Array, INT32: Int32Array }

/** The same numbers for all: small, and valid as indices. */
const tensorsOf = (shapes) =>
  shapes.map(({ name, datatype, shape }) => {
    const count = shape.reduce((product, size) => product * size, 1)
    const values = Array.from({ length: count }, (_, k) => (datatype.startsWith('INT') ? k % 2 : ((k * 7919) % 100) / 100))
    const array = ARRAYS[datatype].from(datatype === 'INT64' ? values.map(BigInt) : values)
    return { name, datatype, shape, data: values, bytes: Buffer.from(array.buffer) }
  })

function nested(data, shape) {
  if (shape.length <= 1) return data
  const size = data.length / shape[0]
  return Array.from({ length: shape[0] }, (_, k) => nested(data.slice(k * size, (k + 1) * size), shape.slice(1)))
}

/** Names and datatypes as the server declares them, with the sizes that were given. */
async function shapesOf(model, sizes) {
  const server = await serve(model, '--name', 'm', '--workers', '1')
  const { inputs } = await (await fetch(server.found)).json()
  await server.end()
  return inputs.map(({ name, datatype, shape }, k) => ({ name, datatype, shape: sizes[k] ?? shape }))
}

function drawn(list) {
  const order = [...list]
  for (let k = order.length - 1; k > 0; k--) {
    const other = Math.floor(Math.random() * (k + 1))
    ;[order[k], order[other]] = [order[other], order[k]]
  }
  return order
}

const known = [
  whyslow(null),
  whyslow('auto'),
  mlserver(0),
  ...(cpus > 1 ? [mlserver(cpus)] : []),
  ...[1, ...(cpus > 1 ? [cpus] : [])].flatMap((workers) => ['raw bytes', 'JSON'].map((wire) => fastapi(workers, wire))),
]
/** ONLY=word,word: those whose names or wires have one of them. */
const only = (process.env.ONLY ?? '').split(',').filter(Boolean)
const servers = known.filter(({ name, wire }) => only.length === 0 || only.some((word) => `${name} ${wire}`.includes(word)))
let missed = false
for (const one of all) {
  const [, model, sizes] = /^(.*?\.onnx)(?::(.*))?$/.exec(one)
  const shapes = await shapesOf(
    model,
    (sizes ?? '')
      .split(',')
      .filter(Boolean)
      .map((text) => text.split('x').map(Number)),
  )
  const found = new Map()
  const say = (text) => process.stderr.write(`${path.basename(model)}: ${text}\n`)
  for (const server of drawn(servers)) {
    const why = server.why?.() ?? null
    if (why !== null) {
      found.set(server, { note: `left out: ${why}` })
      continue
    }
    let running = null
    try {
      running = await server.start(path.resolve(model), shapes)
      const document = await running.ask(['--slo', OBJECTIVE, '--duration', seconds])
      found.set(server, { rate: document.found?.ratePerSecond ?? 0, note: document.found === null ? document.search.ended : '' })
    } catch (error) {
      found.set(server, { note: `left out: ${error.message}` })
    }
    const { rate: holds, note } = found.get(server)
    say(`${server.name} (${server.wire}): ${rate(holds)} ${note}`)
    await running?.server.end()
  }
  console.log(`\n${path.basename(model)}: requests/s with ${OBJECTIVE}, ${cpus} CPUs\n`)
  table([
    ['server', 'wire', 'requests/s', ''],
    ...servers.map((server) => [server.name, server.wire, rate(found.get(server).rate), found.get(server).note ?? '']),
  ])
  const most = (isOwn) =>
    Math.max(0, ...servers.filter(({ own = false }) => own === isOwn).map((server) => found.get(server).rate ?? 0))
  const [own, other] = [most(true), most(false)]
  if (other === 0) console.log('\nnothing to compare with')
  else {
    missed ||= own < GOAL * other
    console.log(
      `\n${(own / other).toFixed(2)} times the best of the others (goal ${GOAL})${own < GOAL * other ? ': MISSED' : ''}`,
    )
  }
}
process.exitCode = missed ? 1 : 0
