// A model whose head or tail is code beside the whole model on onnxruntime-node: µs a prediction of one row, in turns in one process, least
// and median of many passes. `node bench/ends.mjs` takes the pipelines of fixtures/formats/skl2onnx that cannot be compiled whole; DIRECT=1:
// with direct calls of the engine. Exit code 1 where a head is not faster than the engine's own, or outputs differ.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { Tensor } from 'onnxruntime-node'
import { endsOf } from '../dist/compile/read/ends.js'
import { readModel } from '../dist/formats/index.js'
import { viewGraph } from '../dist/graph/view.js'
import { writeRunnable } from '../dist/model/ship/index.js'
import { root, temporaryFolder } from './shared.mjs'

process.env.ORT_DISABLE_TELEMETRY ??= '1'
const PASSES = Number(process.env.PASSES ?? 200)
const CALLS = 100
const FIXTURES = path.join(root, 'fixtures/formats/skl2onnx')
/** Of the value behind which the trees are alone: no shape is declared for it. */
const TYPES = { 'text-boosting': { output: { dtype: 'float32', shape: [1, 16] } } }
const folder = temporaryFolder()
fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'), 'dir')
const made = JSON.parse(fs.readFileSync(path.join(FIXTURES, 'outputs.json'), 'utf8'))
const rows = []
for (const [name, part] of [
  ['columns-svm', 'head'],
  ['text-boosting', 'tail'],
])
  rows.push(await measured(name, part))
console.table(rows)
process.exitCode = rows.some(({ part, times, off }) => off > 1e-5 || (part === 'head' && times <= 1)) ? 1 : 0

async function measured(name, part) {
  const file = path.join(FIXTURES, `${name}.onnx`)
  const model = await readModel(file)
  const view = viewGraph(model)
  const end = endsOf(model, (value) => TYPES[name]?.[value])[part]
  const [whole, cut] = [
    await opened(model, view, undefined, `${name}-whole`),
    await opened(model, view, { [part]: end.at }, `${name}-${part}`),
  ]
  const feeds = made[name].label.map((_, row) => feedsOf(view, made[name].inputs, row))
  const off = await largestDifference(whole, cut, feeds)
  const passes = [[], []]
  for (let pass = 0; pass < PASSES; pass++)
    for (const [k, one] of [whole, cut].entries()) {
      const start = performance.now()
      for (let call = 0; call < CALLS; call++) await one.predict(feeds[call % feeds.length])
      passes[k].push(((performance.now() - start) * 1000) / CALLS)
    }
  const [before, after] = passes.map((times) => times.toSorted((a, b) => a - b))
  return {
    model: name,
    part,
    operators: `${end.nodes.length} of ${view.nodes.length}`,
    'whole µs, least': round(before[0]),
    'cut µs, least': round(after[0]),
    'whole µs, median': round(before[PASSES >> 1]),
    'cut µs, median': round(after[PASSES >> 1]),
    times: round(before[PASSES >> 1] / after[PASSES >> 1]),
    off,
  }
}

async function opened(model, { inputs, outputs }, cut, name) {
  const at = path.join(folder, name)
  fs.mkdirSync(at)
  const options = {
    threads: 1,
    graphOptimization: 'all',
    executionMode: 'sequential',
    configEntries: {},
    packageFrom: null,
    directCall: process.env.DIRECT === '1',
  }
  const declared = ({ name, dtype, shape, kind }) => ({ name, dtype, isTensor: kind === 'tensor', shape })
  const { file, sha256 } = model.source
  const plan = {
    original: { file, sha256, proto: model.proto },
    setup: { model, options, batchFactor: 1, machineBound: false },
    engine: { id: 'ort-cpu', version: '', package: 'onnxruntime-node', ...(cut && { cut }) },
    inputs: inputs.map(declared),
    outputs: outputs.map(declared),
    toolVersion: '',
  }
  await writeRunnable(plan, at)
  return (await import(pathToFileURL(path.join(at, 'predict.mjs')).href)).load()
}

function feedsOf({ inputs }, columns, row) {
  const dataOf = {
    float32: (x) => Float32Array.of(x ?? Number.NaN),
    int64: (x) => BigInt64Array.of(BigInt(x)),
    string: (x) => [x],
  }
  return Object.fromEntries(inputs.map(({ name, dtype }) => [name, new Tensor(dtype, dataOf[dtype](columns[name][row]), [1, 1])]))
}

async function largestDifference(whole, cut, feeds) {
  let most = 0
  for (const one of feeds) {
    const [expected, given] = [await whole.predict(one), await cut.predict(one)]
    for (const name of Object.keys(expected))
      expected[name].data.forEach((value, k) => {
        most = Math.max(most, Math.abs(Number(value) - Number(given[name].data[k])))
      })
  }
  return most
}

function round(value) {
  return Number(value.toFixed(2))
}
