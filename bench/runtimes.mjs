// As fast as the fastest runtime? Each model on onnxruntime as it is, in the folders that `fix` writes (exact, and with --max-loss 0.01, both
// with onnxruntime alone; and with every engine allowed), and on other runtimes from PyPI where they read it: OpenVINO in float32 and in its
// default precision, LiteRT where a .tflite of the same name lies beside, ncnn and MNN by their converters. One fresh process each, in
// turns; ratios of one round. What is absent, or cannot read the model, is left out by name.
//   PYTHON=venv/bin/python node bench/runtimes.mjs      MODELS=folder ONLY=word,word BUDGET=30s LEAST_MS=0.5 ROUNDS=4 RESULTS=file
// REUSE=yes: folders on OpenVINO and LiteRT write results into the same arrays, as the peers leave outputs in the runtime's memory.
// WRITES=name,name keeps of the folders that `fix` writes those of these names.
// RESULTS keeps a line of JSON for each model, with what was tried; models that it has are not measured again, so that a run can be split.
// Exit 1 where a goal is missed, or was not measured.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { deserialize } from 'node:v8'
import {
  fixed,
  flagsFor,
  geometricMean,
  median,
  modelsToFix,
  plainLoop,
  plainP50,
  reasonOf,
  report,
  temporaryFolder,
} from './shared.mjs'

const LOOP = path.join(import.meta.dirname, 'peers/runtime_loop.py')
const LIMIT_MS = 120_000
const SECONDS = 0.6
/** A peer whose outputs are further from onnxruntime's runs another model. bfloat16 is below that only where outputs select. */
const LEAST_COSINE = 0.98
const python = process.env.PYTHON
const budget = process.env.BUDGET ?? '30s'
const leastMs = Number(process.env.LEAST_MS ?? 0.5)
const rounds = Number(process.env.ROUNDS ?? 4)
const results = process.env.RESULTS
const reuse = process.env.REUSE === 'yes'
const threads = os.availableParallelism()
// Where `fix`, and the folders that it writes, find OpenVINO's library.
if (python) process.env.VIRTUAL_ENV ??= path.dirname(path.dirname(path.resolve(python)))

/** What whyslow hands over: its name here, and what `fix` is told. */
const ALL_FOLDERS = {
  fix: ['--ship-engines', 'ort-cpu'],
  'fix 0.01': ['--ship-engines', 'ort-cpu', '--max-loss', '0.01'],
  'fix any 0.01': ['--max-loss', '0.01'],
}
const writes = process.env.WRITES?.split(',') ?? Object.keys(ALL_FOLDERS)
const FOLDERS = Object.fromEntries(Object.entries(ALL_FOLDERS).filter(([name]) => writes.includes(name)))
const PEERS = ['OpenVINO f32', 'OpenVINO', 'LiteRT', 'ncnn', 'MNN']
const SIDES = ['onnxruntime', ...Object.keys(FOLDERS), ...PEERS]
/** By geometric mean over models: this side's speed over that one's, at least. */
const GOALS = [
  ['fix', 'OpenVINO f32', 0.95],
  ['fix 0.01', 'OpenVINO', 0.9],
]
/** On each model, of the best single runtime. */
const ANY = 0.98

const rows = results && fs.existsSync(results) ? fs.readFileSync(results, 'utf8').trim().split('\n').map(JSON.parse) : []
for (const file of modelsToFix()) {
  if (rows.some(({ model }) => model === path.basename(file))) continue
  const row = await rowOf(file)
  rows.push(row)
  if (results) fs.appendFileSync(results, `${JSON.stringify(row)}\n`)
  console.log(lineOf(row))
}
process.exit(summarize() ? 0 : 1)

async function rowOf(file) {
  const model = path.basename(file)
  try {
    const { inputs } = report(file, [...flagsFor(file), '--quick'])
    const plainMs = plainP50(file, inputs)
    if (plainMs < leastMs) return { model, left: `below ${leastMs} ms` }
    const absent = {}
    const sides = { onnxruntime: { loop: () => plainLoop({ file, inputs }, { seconds: SECONDS }).p50Ms } }
    for (const [name, flags] of Object.entries(FOLDERS))
      attempt(absent, name, () => (sides[name] = shippedSide(file, inputs, flags)))
    for (const name of PEERS) attempt(absent, name, () => (sides[name] = peerSide(name, file, inputs)))
    const times = Object.fromEntries(Object.keys(sides).map((name) => [name, []]))
    for (let round = 0; round < rounds; round++) {
      const names = Object.keys(times)
      for (const name of round % 2 === 0 ? names : names.reverse()) times[name].push(sides[name].loop())
    }
    const kept = Object.fromEntries(Object.entries(sides).flatMap(([name, side]) => (side.kept ? [[name, side.kept]] : [])))
    const tried = Object.fromEntries(Object.entries(sides).flatMap(([name, side]) => (side.tried ? [[name, side.tried]] : [])))
    return { model, times, absent, kept, tried }
  } catch (error) {
    return { model, left: reasonOf(error) }
  }
}

function attempt(absent, name, make) {
  try {
    make()
  } catch (error) {
    absent[name] = reasonOf(error)
  }
}

function shippedSide(file, inputs, flags) {
  const { document, folder } = fixed(file, [...flagsFor(file), '--budget', budget, ...flags])
  const tried = document.trials.map(({ name, kept, reason }) => (kept ? `+ ${name}` : `- ${name}: ${reason}`))
  return { kept: document.fix.kept, tried, loop: () => plainLoop({ folder, inputs, reuse }, { seconds: SECONDS }).p50Ms }
}

/** Throws with why it is left out. */
function peerSide(name, file, inputs) {
  if (!python) throw new Error('PYTHON names no interpreter')
  const spec = { ...converted(name, file, inputs), inputs, threads }
  const keep = path.join(temporaryFolder(), 'outputs')
  python3(LOOP, JSON.stringify({ ...spec, seconds: 0, keep }))
  const cosine = agreement(referenceOf(file, inputs), keptOf(keep))
  if (!(cosine >= LEAST_COSINE) && name !== 'OpenVINO') throw new Error(`outputs differ: cosine ${cosine.toFixed(3)}`)
  return { loop: () => JSON.parse(python3(LOOP, JSON.stringify({ ...spec, seconds: SECONDS }))).p50Ms }
}

/** The model as the runtime reads it. */
function converted(name, file, inputs) {
  if (name === 'OpenVINO') return { runtime: 'openvino', file }
  if (name === 'OpenVINO f32') return { runtime: 'openvino', file, precision: 'f32' }
  if (name === 'LiteRT') {
    const beside = file.replace(/\.onnx$/, '.tflite')
    if (!fs.existsSync(beside)) throw new Error('no .tflite of this name')
    return { runtime: 'litert', file: beside }
  }
  const folder = temporaryFolder()
  const own = path.join(folder, 'model.onnx')
  fs.copyFileSync(file, own)
  const [sample] = JSON.parse(fs.readFileSync(inputs, 'utf8')).samples
  if (name === 'ncnn') {
    if (sample.some(({ shape }) => shape[0] !== 1)) throw new Error('ncnn takes batches of one')
    tool(
      'pnnx',
      [own, `inputshape=${sample.map(({ shape, dtype }) => `[${shape}]${dtype === 'float32' ? 'f32' : 'i64'}`).join()}`],
      folder,
    )
    return { runtime: 'ncnn', file: path.join(folder, 'model.ncnn') }
  }
  const to = path.join(folder, 'model.mnn')
  tool('mnnconvert', ['-f', 'ONNX', '--modelFile', own, '--MNNModel', to, '--bizCode', 'bench'], folder)
  return { runtime: 'mnn', file: to }
}

function tool(name, args, cwd) {
  run(path.join(path.dirname(path.resolve(python)), name), args, cwd)
}

function python3(...args) {
  return run(path.resolve(python), args)
}

function run(program, args, cwd) {
  const { error, status, signal, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', cwd, timeout: LIMIT_MS })
  if (error) throw error
  if (status !== 0)
    throw new Error(`${path.basename(program)}: ${stderr.trim().split('\n').at(-1) || `exit ${status ?? signal}`}`)
  return stdout.trim().split('\n').at(-1)
}

function referenceOf(file, inputs) {
  const keep = path.join(temporaryFolder(), 'outputs')
  plainLoop({ file, inputs }, { seconds: 0, keep })
  return Object.values(deserialize(fs.readFileSync(keep))[0]).map(({ data }) => Float64Array.from(data, Number))
}

/** Sizes as a line of JSON, then the numbers. */
function keptOf(file) {
  const bytes = fs.readFileSync(file)
  const end = bytes.indexOf(10)
  let at = end + 1
  return JSON.parse(bytes.subarray(0, end).toString()).map((size) => {
    const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + at + 4 * size))
    at += 4 * size
    return data
  })
}

/** The worst cosine of the reference's outputs, each with the nearest of its size: runtimes order them as they like. */
function agreement(reference, given) {
  const cosines = reference.map((a) => Math.max(-1, ...given.filter((b) => b.length === a.length).map((b) => cosineOf(a, b))))
  return Math.min(...cosines)
}

function cosineOf(a, b) {
  let [dot, aa, bb] = [0, 0, 0]
  for (let at = 0; at < a.length; at++) {
    dot += a[at] * b[at]
    aa += a[at] ** 2
    bb += b[at] ** 2
  }
  return aa === 0 && bb === 0 ? 1 : dot / Math.sqrt(aa * bb)
}

/** Speed of one side over another's, in rounds; null where one is absent. */
function speed({ times }, side, over) {
  if (!times?.[side] || !times[over]) return null
  return median(times[over].map((ms, round) => ms / times[side][round]))
}

function lineOf(row) {
  if (row.left) return `${row.model}: left out: ${row.left}`
  const said = SIDES.map((side) => (row.times[side] ? `${side} ${median(row.times[side]).toFixed(3)}` : null)).filter(Boolean)
  const absent = Object.entries(row.absent).map(([side, why]) => `${side} (${why})`)
  return `${row.model}, ms: ${said.join(', ')}${absent.length > 0 ? `; left out: ${absent.join(', ')}` : ''}`
}

function summarize() {
  const done = rows.filter(({ times }) => times)
  if (done.length === 0) {
    console.log('no model was measured')
    return false
  }
  console.table(done.map(cellsOf))
  const said = (values) => `${geometricMean(values).toFixed(2)} of ${values.length}`
  for (const side of SIDES.slice(1)) {
    const values = done.flatMap((row) => speed(row, side, 'onnxruntime') ?? [])
    console.log(`${side} over onnxruntime: ${values.length > 0 ? said(values) : 'not measured'}`)
  }
  const met = GOALS.map(([side, over, goal]) => {
    const values = done.flatMap((row) => speed(row, side, over) ?? [])
    const mean = values.length > 0 ? geometricMean(values) : null
    console.log(`${side} over ${over}: ${mean === null ? 'not measured' : said(values)}, wanted ${goal}`)
    return mean !== null && mean >= goal
  })
  const any = done.filter((row) => row.times['fix any 0.01']).map((row) => [row.model, ofBest(row)])
  const below = any.filter(([, ratio]) => ratio < ANY)
  const names = below.map(([model, ratio]) => `${model} ${ratio.toFixed(2)}`).join(', ')
  console.log(`with every engine, below ${ANY} of the best runtime: ${below.length} of ${any.length}${names && ` (${names})`}`)
  return met.every(Boolean) && below.length === 0
}

/** The best of the runtimes that whyslow can ship, and of the others. */
function ofBest(row) {
  return Math.min(...['onnxruntime', ...PEERS].flatMap((side) => speed(row, 'fix any 0.01', side) ?? []))
}

function cellsOf(row) {
  const cells = SIDES.map((side) => {
    const ratio = speed(row, side, 'onnxruntime')
    return [side, ratio === null ? '-' : side === 'onnxruntime' ? `${median(row.times[side]).toFixed(2)} ms` : ratio.toFixed(2)]
  })
  return {
    model: row.model.slice(0, 32),
    ...Object.fromEntries(cells),
    any: (row.kept['fix any 0.01'] ?? []).join(', ').slice(0, 60),
  }
}
