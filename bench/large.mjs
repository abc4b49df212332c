// A transformer-like model of 500 MB (MB=…), its weights in a file beside it, quantized to dynamic int8: seconds and peak memory.

import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { model, node, rawTensor, valueInfo, writeModel } from '../dist/graph/build.js'
import { copyWith } from '../dist/graph/copy.js'
import { mulberry32 } from '../dist/graph/random.js'
import { peakOf } from './memory.mjs'
import { root, temporaryFolder } from './shared.mjs'

const MOST_SECONDS = 15
const MOST_BYTES = 1.2e9
const WIDTH = 1024
const INNER = 4 * WIDTH
/** Four matrices of attention, two of the perceptron. */
const LAYER_BYTES = 4 * (4 * WIDTH * WIDTH + 2 * WIDTH * INNER)

const layers = Math.max(1, Math.round((Number(process.env.MB ?? 500) * 1e6) / LAYER_BYTES))
const folder = temporaryFolder()
const file = path.join(folder, 'large.onnx')
write()
const sizeBytes = fs.readdirSync(folder).reduce((sum, name) => sum + fs.statSync(path.join(folder, name)).size, 0)
const out = path.join(folder, 'out')
fs.mkdirSync(out)
const args = [path.join(root, 'bench/quantize-once.mjs'), file, path.join(out, 'model.onnx'), 'dynamic']
const started = performance.now()
const { text, error, status, peakBytes } = await peakOf(spawn(process.execPath, args))
if (status !== 0) throw new Error(error.trim().split('\n').at(-1))
const seconds = (performance.now() - started) / 1000
const result = JSON.parse(text)
const after = fs.readdirSync(out).reduce((sum, name) => sum + fs.statSync(path.join(out, name)).size, 0)
const ok = seconds <= MOST_SECONDS && peakBytes <= MOST_BYTES
console.log(
  `${layers} layers, ${mb(sizeBytes)} to ${mb(after)}: ${result.layers} products quantized in ${seconds.toFixed(1)} s (at most ${MOST_SECONDS}), ` +
    `peak ${mb(peakBytes)} (at most ${mb(MOST_BYTES)})${ok ? '' : ': MISSED'}`,
)
process.exit(ok ? 0 : 1)

function mb(bytes) {
  return `${Math.round(bytes / 1e6)} MB`
}

/** Blocks of attention's products and a perceptron, with sums around them; scores are left out, since they hold no weights. */
function write() {
  const nodes = []
  const initializers = []
  const weights = fs.openSync(path.join(folder, 'large.weights'), 'w')
  let offset = 0
  let last = 'x'
  for (let k = 0; k < layers; k++) {
    const product = (input, name, rows, columns) => {
      const label = `w_${k}_${name}`
      const bytes = noise(rows * columns)
      fs.writeSync(weights, bytes)
      initializers.push(outside(label, [rows, columns], offset, bytes.byteLength))
      offset += bytes.byteLength
      nodes.push(node({ opType: 'MatMul', name: `${label}_product` }, [input, label], [`${label}_out`]))
      return `${label}_out`
    }
    const add = (opType, inputs, name) => {
      nodes.push(node({ opType, name: `${name}_${k}` }, inputs, [`${name}_${k}`]))
      return `${name}_${k}`
    }
    const [q, key, v] = ['q', 'k', 'v'].map((name) => product(last, name, WIDTH, WIDTH))
    const gate = add('Sigmoid', [add('Mul', [q, key], 'scores')], 'gate')
    const attention = add('Add', [last, product(add('Mul', [gate, v], 'mixed'), 'o', WIDTH, WIDTH)], 'attention')
    const inner = add('Relu', [product(attention, 'up', WIDTH, INNER)], 'inner')
    last = add('Add', [attention, product(inner, 'down', INNER, WIDTH)], 'layer')
  }
  fs.closeSync(weights)
  nodes.push(node('Identity', [last], ['y']))
  const shape = ['batch', 'sequence', WIDTH]
  const proto = model({
    nodes,
    initializers,
    inputs: [valueInfo('x', 'float32', shape)],
    outputs: [valueInfo('y', 'float32', shape)],
  })
  fs.writeFileSync(file, writeModel(proto))
}

function outside(name, shape, at, length) {
  const entry = (key, value) => ({ $typeName: 'onnx.StringStringEntryProto', key, value: String(value) })
  const externalData = [entry('location', 'large.weights'), entry('offset', at), entry('length', length)]
  return copyWith(rawTensor(name, 'float32', shape, new Uint8Array(0)), { dataLocation: 1, externalData, rawData: undefined })
}

/** Numbers in ±0.05: the same block of them again and again. */
function noise(count) {
  const random = mulberry32(count)
  const block = Float32Array.from({ length: 1 << 16 }, () => (random() - 0.5) / 10)
  const values = new Float32Array(count)
  for (let at = 0; at < count; at += block.length) values.set(block.subarray(0, Math.min(block.length, count - at)), at)
  return new Uint8Array(values.buffer)
}
