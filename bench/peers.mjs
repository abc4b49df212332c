// whyslow's quantizer beside Python's onnxruntime.quantization, on labelled data: accuracy on the same test rows, speed by plain loops
// in alternation, wall time and peak memory of quantizing. PYTHON=… names an interpreter that has onnxruntime and onnx; without one
// there is nothing to compare with. ONLY=word keeps models, BUDGET=40s is what `quantize` is given, SEARCH=no leaves it out.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { deserialize } from 'node:v8'
import { saveInputs } from '../dist/measure/samples/saved.js'
import { labelledModels, rowsIn } from './labelled.mjs'
import { peakOf } from './memory.mjs'
import { geometricMean, inPairs, plainLoop, ratioOf, reasonOf, root, sayRatio, temporaryFolder, whyslow } from './shared.mjs'

const python = process.env.PYTHON
if (python === undefined) {
  console.error('PYTHON=… names an interpreter with onnxruntime and onnx: PYTHON=venv/bin/python node bench/peers.mjs')
  process.exit(2)
}
const PAIRS = Number(process.env.PAIRS ?? 6)
const ROWS = Number(process.env.ROWS ?? 1000)
const only = process.env.ONLY?.split(',')
const rows = []

for (const model of labelledModels(ROWS)) {
  if (only && !only.some((word) => model.name.includes(word))) continue
  try {
    rows.push(...(await compare(model)))
  } catch (error) {
    console.log(`${model.name}: failed: ${reasonOf(error)}`)
  }
}
console.table(rows.map(cellsOf))
summarize()

async function compare({ name, file, test, calibration }) {
  const place = temporaryFolder()
  const { samples, labels } = rowsIn(test)
  const inputs = saveInputs(path.join(temporaryFolder(), 'inputs'), samples)
  const made = { float: { file } }
  for (const method of ['dynamic', 'static']) {
    const script = path.join(root, 'bench/peers/quantize.py')
    made[`python ${method}`] = await quantized(python, [
      script,
      file,
      path.join(place, `python-${method}.onnx`),
      method,
      calibration,
    ])
    const once = path.join(root, 'bench/quantize-once.mjs')
    made[`all ${method}`] = await quantized(process.execPath, [
      once,
      file,
      path.join(place, `all-${method}.onnx`),
      method,
      calibration,
    ])
  }
  if (process.env.SEARCH !== 'no') made.quantize = chosen(file, test, path.join(place, 'chosen.onnx'))
  const first = firstOf(inputs)
  const found = Object.entries(made).map(([what, one]) => ({ model: name, what, ...one, ...scoreOf(one, inputs, labels) }))
  const best = found.find(({ what }) => what === 'quantize') ?? found.find(({ what }) => what === 'all dynamic')
  for (const row of found) {
    row.bytes = row.failed ? undefined : fs.statSync(row.file).size
    if (row.failed || best.failed) continue
    // How many times as fast as this row whyslow's own is, and this row as the float model.
    const versus = (a, b) =>
      ratioOf(inPairs(a, b, PAIRS, (side) => plainLoop({ file: side, inputs: first }, { seconds: 0.4 }).p50Ms))
    row.speed = row.what === 'float' ? undefined : versus(file, row.file)
    row.against = row.what.startsWith('python') ? versus(row.file, best.file) : undefined
    console.log(lineOf(row))
  }
  return found
}

async function quantized(program, args) {
  const file = args.find((one) => one.endsWith('.onnx') && one !== args[1]) ?? args[2]
  const out = args[2]
  const started = performance.now()
  const child = spawn(program, args, { env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' }, stdio: ['ignore', 'pipe', 'pipe'] })
  const { text, error, status, peakBytes } = await peakOf(child)
  const wall = (performance.now() - started) / 1000
  if (status !== 0) return { file, failed: error.trim().split('\n').at(-1)?.slice(0, 100) ?? `exit ${status}` }
  return { file: out, wall, seconds: JSON.parse(text.trim().split('\n').at(-1)).seconds, peakBytes }
}

/** What `whyslow quantize` chooses by measuring: the time is that of its search. */
function chosen(file, data, out) {
  const started = performance.now()
  try {
    whyslow(['quantize', file, '-o', out, '--data', data, '--budget', process.env.BUDGET ?? '40s', '--no-progress'], {
      timeoutMs: 900_000,
    })
    return { file: out, wall: (performance.now() - started) / 1000 }
  } catch (error) {
    return { file, failed: reasonOf(error) }
  }
}

/** The first few samples alone, to be timed. */
function firstOf(inputs) {
  const { samples, ...rest } = JSON.parse(fs.readFileSync(inputs, 'utf8'))
  const file = path.join(path.dirname(inputs), 'first.json')
  fs.writeFileSync(file, JSON.stringify({ ...rest, samples: samples.slice(0, 8) }))
  return file
}

/** Accuracy on all rows: the largest of the first output's numbers, or its sign where there is one. */
function scoreOf({ file, failed }, inputs, labels) {
  if (failed) return {}
  const keep = path.join(temporaryFolder(), 'outputs')
  try {
    plainLoop({ file, inputs }, { seconds: 0, keep })
  } catch (error) {
    return { failed: reasonOf(error) }
  }
  const outputs = deserialize(fs.readFileSync(keep))
  const decided = outputs.map((output) => {
    const numbers = Object.values(output)[0].data
    return numbers.length === 1 ? Number(numbers[0] > threshold(file)) : numbers.indexOf(Math.max(...numbers))
  })
  return { accuracy: decided.filter((one, k) => one === labels[k]).length / labels.length }
}

/** A probability, where the model ends in one. */
function threshold() {
  return 0.5
}

function lineOf({ model, what, accuracy, speed, against, wall, seconds, peakBytes, failed }) {
  if (failed) return `${model}, ${what}: failed: ${failed}`
  const parts = [`accuracy ${accuracy?.toFixed(4)}`]
  if (speed) parts.push(`${sayRatio(speed)} times as fast as float`)
  if (against) parts.push(`whyslow's is ${sayRatio(against)} times as fast`)
  if (seconds !== undefined)
    parts.push(`quantized in ${seconds.toFixed(2)} s (process ${wall.toFixed(2)} s, ${Math.round(peakBytes / 2 ** 20)} MiB)`)
  else if (wall !== undefined) parts.push(`searched ${wall.toFixed(0)} s`)
  return `${model}, ${what}: ${parts.join('; ')}`
}

function cellsOf({ model, what, accuracy, speed, against, wall, seconds, peakBytes, bytes, failed }) {
  return {
    model,
    what,
    accuracy: failed ? failed.slice(0, 30) : accuracy?.toFixed(4),
    'x float': speed ? sayRatio(speed) : '',
    'ours / it': against ? sayRatio(against) : '',
    seconds: seconds?.toFixed(2) ?? '',
    'process s': wall?.toFixed(2) ?? '',
    MiB: peakBytes ? Math.round(peakBytes / 2 ** 20) : '',
    kB: bytes ? Math.round(bytes / 1000) : '',
  }
}

function summarize() {
  const against = (what) => rows.filter((row) => row.what === what && row.against)
  for (const what of ['python dynamic', 'python static']) {
    const found = against(what)
    if (found.length === 0) continue
    const mean = geometricMean(found.map((row) => row.against.ratio))
    const own = (row) => rows.find((other) => other.model === row.model && other.what === 'quantize')
    const worse = found.filter((row) => own(row)?.accuracy < row.accuracy)
    const quick = found.flatMap((row) => {
      const mine = rows.find((other) => other.model === row.model && other.what === row.what.replace('python', 'all'))
      return mine?.wall ? [row.wall / mine.wall] : []
    })
    console.log(
      `${what}: whyslow's models ${mean.toFixed(2)} times as fast by geometric mean of ${found.length}; less accurate on ${worse.length}` +
        (quick.length > 0 ? `; quantizing all layers ${geometricMean(quick).toFixed(1)} times as fast in wall time` : ''),
    )
  }
}
