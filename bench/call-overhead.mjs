// What a prediction of a shipped folder takes beyond the runtime's own: predict() of the code that folders have, the same with results in the
// same arrays (reuseOutputs), and bare calls of the same engine whose inputs are bound before and whose outputs stay in its memory. All in one
// process, by turns, for each engine that reads the file.
//   PYTHON=venv/bin/python node bench/call-overhead.mjs model.onnx model.tflite ...      ROUNDS=30 ENGINES=openvino,litert,ort-cpu
import path from 'node:path'
import { engineById } from '../dist/measure/engines/index.js'
import { loadHere as litert } from '../dist/measure/engines/litert/folder.js'
import { loadHere as onnxruntime } from '../dist/measure/engines/onnxruntime/folder.js'
import { loadHere as openvino } from '../dist/measure/engines/openvino/folder.js'
import { savedFeeds } from './saved-feeds.mjs'
import { flagsFor, median, report } from './shared.mjs'

const files = process.argv.slice(2)
const rounds = Number(process.env.ROUNDS ?? 30)
const wanted = process.env.ENGINES?.split(',') ?? ['openvino', 'openvino-bf16', 'litert', 'ort-cpu']
const CALLS = 5
if (files.length === 0) {
  console.error('name models: node bench/call-overhead.mjs model.onnx')
  process.exit(2)
}
if (process.env.PYTHON) process.env.VIRTUAL_ENV ??= path.dirname(path.dirname(path.resolve(process.env.PYTHON)))

const folders = { openvino, litert, ort: onnxruntime }
const { default: ort } = await import('onnxruntime-node')
const plain = { threads: null, graphOptimization: 'all', executionMode: 'sequential', configEntries: {}, packageFrom: null }

const rows = []
for (const file of files) {
  const { inputs } = report(file, [...flagsFor(file), '--quick'])
  const samples = savedFeeds(ort, inputs)
  for (const id of wanted) {
    const engine = engineById(id)
    const { ok } = await engine.available(plain)
    if (ok && engine.formats.includes(path.extname(file).slice(1))) rows.push(await rowOf(file, engine, samples))
  }
}
console.table(rows)
process.exit(0)

async function rowOf(file, engine, samples) {
  const session = await engine.open(file, plain)
  const inputs = session.inputs.map(({ name }) => name)
  const feeds = samples.map((sample) => {
    const given = Object.values(sample)
    return Object.fromEntries(inputs.map((name, k) => [name, sample[name] ?? given[k]]))
  })
  const bare = feeds.map((one) => session.prepare(valuesOf(one)))
  const folder = await opened(file, engine, session, feeds[0], false)
  const reusing = await opened(file, engine, session, feeds[0], true)
  const sides = {
    bare: (k) => bare[k % bare.length](),
    predict: (k) => folder.predict(feeds[k % feeds.length]),
    reusing: (k) => reusing.predict(feeds[k % feeds.length]),
  }
  const names = Object.keys(sides)
  const times = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = -2; round < rounds; round++) {
    for (const side of names.map((_, k) => names[(k + round + 3) % 3])) {
      for (let k = 0; k < CALLS; k++) {
        const from = performance.now()
        await sides[side](k)
        if (round >= 0) times[side].push(performance.now() - from)
      }
    }
  }
  const results = Object.values(await folder.predict(feeds[0]))
  const kilobytes = (tensors) => Math.round(tensors.reduce((sum, { data }) => sum + (data.byteLength ?? 0), 0) / 1024)
  for (const one of [folder, reusing, session]) await one.close()
  const [own, whole, reused] = names.map((name) => median(times[name]))
  return {
    model: path.basename(file).slice(0, 30),
    engine: engine.id,
    'bare ms': own.toFixed(3),
    'predict ms': whole.toFixed(3),
    'beyond µs': Math.round(1000 * (whole - own)),
    '%': (100 * (whole / own - 1)).toFixed(1),
    'reusing µs': Math.round(1000 * (reused - own)),
    'in KiB': kilobytes(Object.values(feeds[0])),
    'out KiB': kilobytes(results),
  }
}

function valuesOf(feeds) {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { type, data, dims }]) => [name, { dtype: type, data, shape: dims }]),
  )
}

function opened(file, engine, session, first, reuse) {
  const afterClose = () => new Error('closed')
  if (engine.shipped === undefined)
    return folders.ort({ session: { logSeverityLevel: 3 }, reuseOutputs: reuse }, file, afterClose)
  const { name, device, properties } = engine.shipped(plain)
  const inputs = session.inputs.map((one) => ({ ...one, dtype: first[one.name].type }))
  const outputs = session.outputs.map((one) => one.name)
  const options = { version: '', device, properties, inputs, outputs, install: '' }
  return folders[name.toLowerCase()](options, file, afterClose, reuse)
}
