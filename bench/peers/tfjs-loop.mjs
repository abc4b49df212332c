// One process: a TensorFlow.js layers model in a plain loop, on one backend. Prints JSON: the p50 in ms, and the outputs of one prediction.
//   node tfjs-loop.mjs PACKAGES FOLDER BACKEND SECONDS    PACKAGES: a folder whose node_modules has @tensorflow/tfjs and its wasm backend
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

const [packages, folder, backend, seconds] = process.argv.slice(2)
const from = createRequire(path.join(path.resolve(packages), 'package.json'))
const say = console.log
console.log = console.warn = () => {}
const tf = from('@tensorflow/tfjs')
if (backend === 'wasm') {
  const wasm = from('@tensorflow/tfjs-backend-wasm')
  wasm.setWasmPaths(`${path.dirname(from.resolve('@tensorflow/tfjs-backend-wasm'))}/`)
}
await tf.setBackend(backend)
await tf.ready()
const { modelTopology, weightsManifest } = JSON.parse(fs.readFileSync(path.join(folder, 'model.json'), 'utf8'))
const shard = fs.readFileSync(path.join(folder, weightsManifest[0].paths[0]))
const weightData = shard.buffer.slice(shard.byteOffset, shard.byteOffset + shard.byteLength)
const model = await tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs: weightsManifest[0].weights, weightData }))
const shape = [1, ...model.inputs[0].shape.slice(1)]
const x = tf.tensor(picture(shape), shape)
const predict = () => tf.tidy(() => model.predict(x).dataSync())

const outputs = [...predict()]
const times = []
for (let round = 0; round < 3; round++) predict()
const end = performance.now() + Number(seconds) * 1000
while (performance.now() < end || times.length < 5) {
  const before = performance.now()
  predict()
  times.push(performance.now() - before)
}
times.sort((a, b) => a - b)
say(JSON.stringify({ p50: times[times.length >> 1], outputs }))

/** The same numbers in every process: 0 to 255 for pictures, about 0 for others. */
function picture(size) {
  const count = size.reduce((product, one) => product * one, 1)
  return Float32Array.from({ length: count }, (_, k) => (size.length === 4 ? (k * 37) % 256 : Math.sin(k * 0.7)))
}
