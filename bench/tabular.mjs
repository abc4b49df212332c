// Compiled trees beside onnxruntime-node and the makers' own predictors, all on one thread: µs a row, one row at a time and a thousand at
// once. PYTHON=… names an interpreter with numpy, xgboost, lightgbm (and lleaves, treelite with tl2cgen and a C compiler). MADE=folder keeps the models
// (without PYTHON the makers' times of then are shown); ONLY=name,name. [--out folder]
// Exit code 1 where a goal is missed: at most 2 µs for one row up to 300 trees of depth 7, five times as fast as onnxruntime-node; 1000
// rows twice as fast and not slower than the maker's own; read and compiled within 3 s; the folder at most 1.5 times the model's file.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { writeModelFolder } from '../dist/command/model-files/model-folder.js'
import { chooseForm } from '../dist/compile/choose.js'
import { packProgram } from '../dist/compile/program.js'
import { compilableOf } from '../dist/compile/read/index.js'
import { compileModule, openProgram } from '../dist/compile/shipped/compiled.mjs'
import { readModel } from '../dist/formats/index.js'
import { readNpy } from '../dist/measure/samples/npy.js'
import { keepResult } from './result.mjs'
import { root, temporaryFolder } from './shared.mjs'

process.env.ORT_DISABLE_TELEMETRY ??= '1'
const SECONDS = Number(process.env.SECONDS ?? 0.4)
const folder = process.env.MADE ?? temporaryFolder()
make()
const rows = []
for (const name of fs.readdirSync(folder).sort()) {
  if (!fs.existsSync(path.join(folder, name, 'times.json'))) continue
  if (process.env.ONLY && !process.env.ONLY.split(',').includes(name)) continue
  rows.push(await measured(name))
}
console.table(rows.map(({ missed: _, ...row }) => row))
const missed = rows.flatMap(({ model, missed }) => missed.map((goal) => `${model}: ${goal}`))
for (const line of missed) console.log(line)
await keepResult(
  Object.fromEntries(
    rows.filter(({ failed }) => failed === undefined).map((row) => [row.model.replaceAll('.', '-'), timesOf(row)]),
  ),
  rows,
)
process.exitCode = missed.length > 0 ? 1 : 0

/** Of a row, one at a time and a thousand at once. */
function timesOf(row) {
  return { oneUs: row['one µs'], ortOneUs: row['ort one'], manyUs: row['1000 µs'], ortManyUs: row['ort 1000'] }
}

function make() {
  const there =
    fs.existsSync(folder) && fs.readdirSync(folder).some((name) => fs.existsSync(path.join(folder, name, 'times.json')))
  if (process.env.PYTHON === undefined) {
    if (there) return
    console.error('PYTHON=… names an interpreter with numpy, xgboost and lightgbm: PYTHON=venv/bin/python node bench/tabular.mjs')
    process.exit(2)
  }
  const { status } = spawnSync(process.env.PYTHON, [path.join(root, 'bench/peers/tabular.py'), folder], { stdio: 'inherit' })
  if (status !== 0) process.exit(1)
}

async function measured(name) {
  const place = path.join(folder, name)
  const file = path.join(
    place,
    fs.readdirSync(place).find((one) => /^model\.(ubj|json|txt|onnx)$/.test(one)),
  )
  const times = JSON.parse(fs.readFileSync(path.join(place, 'times.json'), 'utf8'))
  const given = readNpy(fs.readFileSync(path.join(place, 'rows.npy')), 'rows.npy')
  const start = performance.now()
  const model = await readModel(file)
  const found = compilableOf(model)
  if (!found.ok) return { model: name, failed: found.reason, missed: [found.reason] }
  const { compilable } = found
  const chosen = await chooseForm(compilable.model, { now: () => performance.now(), load: moduleOf })
  const openMs = performance.now() - start
  const trees = chosen.trees === undefined ? null : await moduleOf(chosen.trees)
  const predict = openProgram(chosen.program, chosen.module && compileModule(chosen.module), trees)
  const data = compilable.inputs[0].dtype === 'float32' ? Float32Array.from(given.data) : Float64Array.from(given.data)
  const off = worst(
    predict(data, 1000, { margin: true }).margin,
    readNpy(fs.readFileSync(path.join(place, 'expected.npy')), 'expected.npy').data,
  )
  const width = compilable.model.input.featureCount
  const one = micros(
    (k) => predict(data.subarray((k % 1000) * width, ((k % 1000) + 1) * width), 1, { prediction: true }),
    1000,
    1,
  )
  const many = micros(() => predict(data, 1000, { prediction: true }), 1, 1000)
  const engine = await onnxruntime(model, compilable, data, width)
  const { json, bytes } = packProgram(chosen.program)
  const size = json.length + bytes.length + (chosen.module?.length ?? 0) + (chosen.trees?.length ?? 0)
  const own = times[`${name.split('-')[0]} 1000`]
  const goals = [
    [one <= 2 || name.includes('1000x'), `one row takes ${one.toFixed(2)} µs, above 2`],
    [engine.one / one >= 5, `one row is ${(engine.one / one).toFixed(1)} times as fast as onnxruntime-node, below 5`],
    [engine.many / many >= 2, `1000 rows are ${(engine.many / many).toFixed(1)} times as fast as onnxruntime-node, below 2`],
    [own === undefined || many <= own, `1000 rows take ${many.toFixed(2)} µs a row, above the maker's ${own?.toFixed(2)}`],
    [openMs <= 3000, `read and compiled in ${openMs.toFixed(0)} ms, above 3000`],
    [
      size <= 1.5 * fs.statSync(file).size,
      `its code is ${(size / fs.statSync(file).size).toFixed(2)} times the model's file, above 1.5`,
    ],
    [off === 0, `margins differ by up to ${off}`],
  ]
  const others = Object.fromEntries(
    Object.entries(times).map(([key, value]) => [key, typeof value === 'number' ? Number(value.toFixed(2)) : value]),
  )
  return {
    model: name,
    'one µs': round(one),
    'ort one': round(engine.one),
    '1000 µs': round(many),
    'ort 1000': round(engine.many),
    ...others,
    'open ms': Math.round(openMs),
    size: round(size / fs.statSync(file).size),
    form: chosen.form.slice(0, 40),
    missed: goals.filter(([isMet]) => !isMet).map(([, says]) => says),
  }
}

async function onnxruntime(model, compilable, data, width) {
  const { file } = await writeModelFolder(model, path.join(temporaryFolder(), 'onnx'))
  const session = await InferenceSession.create(file, { intraOpNumThreads: 1 })
  const names = session.outputMetadata.filter(({ isTensor }) => isTensor).map(({ name }) => name)
  const feeds = (from, count) => ({
    [compilable.inputs[0].name]: new Tensor(compilable.inputs[0].dtype, data.subarray(from * width, (from + count) * width), [
      count,
      width,
    ]),
  })
  const singles = Array.from({ length: 1000 }, (_, k) => feeds(k, 1))
  const all = feeds(0, 1000)
  const time = async (run, count) => {
    const samples = []
    const end = performance.now() + SECONDS * 1000
    for (let k = 0; performance.now() < end || samples.length < 5; k++) {
      const start = performance.now()
      await run(k)
      samples.push(performance.now() - start)
    }
    return (median(samples) * 1000) / count
  }
  const one = await time((k) => session.run(singles[k % 1000], names), 1)
  const many = await time(() => session.run(all, names), 1000)
  await session.release()
  return { one, many }
}

/** µs a row: the median of passes of `calls` calls, since a clock costs as much as a small forest. */
function micros(call, calls, count) {
  const samples = []
  const end = performance.now() + SECONDS * 1000
  while (performance.now() < end || samples.length < 9) {
    const start = performance.now()
    for (let k = 0; k < calls; k++) call(k)
    samples.push(performance.now() - start)
  }
  return (median(samples.slice(3)) * 1000) / (calls * count)
}

async function moduleOf(source) {
  return (await import(`data:text/javascript,${encodeURIComponent(source)}`)).default
}

function worst(a, b) {
  return a.reduce((most, value, k) => Math.max(most, Math.abs(value - b[k])), 0)
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

function round(value) {
  return Number(value.toFixed(2))
}
