// A Keras CNN and a Keras LSTM as `whyslow convert` writes them, on onnxruntime-node, beside TensorFlow.js and beside tf2onnx's export of
// the same model. Fresh processes in turns; ratios are medians over the rounds, lowest to highest behind them: above 1 is faster than.
//   PYTHON=…/bin/python TFJS=folder node bench/formats.mjs [--out folder]    ROUNDS=5   KEEP=folder keeps the models, and takes them where they are there
// PYTHON has tensorflow-cpu, tf-keras and tf2onnx; TFJS is a folder whose node_modules has @tensorflow/tfjs and @tensorflow/tfjs-backend-wasm.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { keepResult } from './result.mjs'
import { median, root, temporaryFolder, whyslow } from './shared.mjs'

const { PYTHON = 'python3', TFJS, ROUNDS = '5', KEEP } = process.env
const GOALS = { 'tfjs-cpu': 5, 'tfjs-wasm': 1.5, tf2onnx: 0.97 }
const SECONDS = 2
const shapes = { cnn: '1x96x96x3', lstm: '1x100x32' }
const folder = KEEP ?? temporaryFolder()
fs.mkdirSync(folder, { recursive: true })

if (!fs.existsSync(path.join(folder, 'lstm.h5'))) console.log(run(PYTHON, [peer('formats.py'), folder]).trim())
let missed = false
const [values, raw] = [{}, {}]
for (const [name, shape] of Object.entries(shapes)) {
  const converted = path.join(folder, `${name}.onnx`)
  whyslow(['convert', path.join(folder, `${name}.h5`), '-o', converted, '--force'])
  const contestants = { converted: () => loop('onnx-loop.mjs', converted, shape, SECONDS) }
  if (TFJS)
    for (const backend of ['cpu', 'wasm'])
      contestants[`tfjs-${backend}`] = () => loop('tfjs-loop.mjs', TFJS, path.join(folder, name), backend, SECONDS)
  const exported = path.join(folder, `${name}.tf2onnx.onnx`)
  if (fs.existsSync(exported)) contestants.tf2onnx = () => loop('onnx-loop.mjs', exported, shape, SECONDS)
  const rounds = Array.from({ length: Number(ROUNDS) }, (_, round) => {
    const order = Object.entries(contestants)
    if (round % 2 === 1) order.reverse()
    return Object.fromEntries(order.map(([id, measure]) => [id, measure()]))
  })
  values[name] = { p50Ms: median(rounds.map((one) => one.converted.p50)) }
  raw[name] = rounds.map((one) => Object.fromEntries(Object.entries(one).map(([id, { p50 }]) => [id, p50])))
  for (const id of Object.keys(contestants).filter((one) => one !== 'converted')) missed = !tell(name, id, rounds) || missed
}
await keepResult(values, raw)
process.exit(missed ? 1 : 0)

/** Prints a row; false where the goal was missed or outputs differ. */
function tell(name, id, rounds) {
  const ratios = rounds.map((one) => one[id].p50 / one.converted.p50).sort((a, b) => a - b)
  const [given, expected] = [rounds[0].converted.outputs, rounds[0][id].outputs]
  const largest = Math.max(...expected.map(Math.abs))
  const off = Math.max(...expected.map((value, k) => Math.abs(value - given[k]))) / largest
  values[name][id] = { times: median(ratios), range: [ratios[0], ratios.at(-1)] }
  const reached = median(ratios) >= GOALS[id] && off < 1e-4
  const spread = `${ratios[0].toFixed(2)}–${ratios.at(-1).toFixed(2)}`
  const times = `${median(rounds.map((one) => one.converted.p50)).toFixed(3)} ms beside ${median(rounds.map((one) => one[id].p50)).toFixed(3)} ms`
  console.log(
    `${name}: ${median(ratios).toFixed(2)} (${spread}) times as fast as ${id}, ${times}; outputs ${off.toExponential(1)} apart` +
      `; goal ${GOALS[id]}: ${reached ? 'reached' : 'MISSED'}`,
  )
  return reached
}

function peer(file) {
  return path.join(root, 'bench/peers', file)
}

function loop(file, ...args) {
  return JSON.parse(run(process.execPath, [peer(file), ...args.map(String)]))
}

function run(program, args) {
  const ended = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  if (ended.status !== 0) throw new Error(`${program} ${args.join(' ')}: exit ${ended.status ?? ended.signal}`)
  return ended.stdout
}
