// Compiled trees through the Python module of a shipped folder, beside the makers' own predictors in the same Python: µs a row, one row at a time and a
// thousand at once, one thread. PYTHON=… names an interpreter with numpy, xgboost and lightgbm (and wasmtime). MADE=folder keeps the models of
// bench/tabular.mjs; ONLY=name,name. [--out folder]
// Exit code 1 where one row of 300 trees of depth 7 takes more than 15 µs, or the default backend is not the fastest that runs, by more than a tenth.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { readModel } from '../dist/formats/index.js'
import { viewGraph } from '../dist/graph/view.js'
import { writePythonModule, writeRunnable } from '../dist/model/ship/index.js'
import { keepResult } from './result.mjs'
import { root, temporaryFolder } from './shared.mjs'

const GOAL_US = 15
const SLACK = 1.1
const python = process.env.PYTHON
if (python === undefined) {
  console.error('PYTHON=… names an interpreter with numpy and xgboost: PYTHON=venv/bin/python node bench/python-module.mjs')
  process.exit(2)
}
const folder = process.env.MADE ?? temporaryFolder()
const made = spawnSync(python, [path.join(root, 'bench/peers/tabular.py'), folder], { stdio: 'inherit' })
if (made.status !== 0) process.exit(1)

const rows = []
for (const name of fs.readdirSync(folder).sort()) {
  const place = path.join(folder, name)
  const file = fs.readdirSync(place).find((one) => /^model\.(ubj|json|txt)$/.test(one))
  if (file === undefined || (process.env.ONLY && !process.env.ONLY.split(',').includes(name))) continue
  const shipped = path.join(temporaryFolder(), 'fast')
  fs.mkdirSync(shipped)
  const model = await readModel(path.join(place, file))
  const plan = planOf(model)
  await writeRunnable(plan, shipped)
  await writePythonModule(plan, shipped)
  const args = [path.join(root, 'bench/peers/python_module.py'), shipped, path.join(place, file), path.join(place, 'rows.npy')]
  const { status, stdout } = spawnSync(python, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  if (status !== 0) process.exit(1)
  rows.push({ model: name, ...JSON.parse(stdout) })
}
console.table(rows)
const missed = rows.flatMap(({ model, ...times }) => {
  const [backend] = ['c', 'wasmtime', 'numpy'].filter((one) => times[`${one}OneUs`] !== undefined)
  const least = (many) =>
    Math.min(...['c', 'wasmtime', 'numpy'].map((one) => times[`${one}${many}Us`] ?? Number.POSITIVE_INFINITY))
  return [
    ...(model === 'xgboost-300x7' && times[`${backend}OneUs`] > GOAL_US
      ? [`${model}: one row takes ${times[`${backend}OneUs`]} µs`]
      : []),
    ...['One', 'Many'].flatMap((many) =>
      times[`${backend}${many}Us`] > SLACK * least(many) ? [`${model}: ${backend} is not the fastest (${many})`] : [],
    ),
  ]
})
for (const line of missed) console.log(line)
await keepResult(Object.fromEntries(rows.map(({ model, ...times }) => [model, times])), rows)
process.exitCode = missed.length > 0 ? 1 : 0

function planOf(model) {
  const { inputs, outputs } = viewGraph(model)
  const declared = ({ name, dtype, shape }) => ({ name, isTensor: true, dtype, shape: shape?.map((size) => size ?? '') ?? null })
  return {
    original: { file: model.source.file, sha256: model.source.sha256 },
    setup: { model, options: { configEntries: {} }, batchFactor: 1, machineBound: false },
    engine: { id: 'compiled', version: '1', package: 'whyslow', generated: true },
    inputs: inputs.map(declared),
    outputs: outputs.map(declared),
    toolVersion: 'bench',
  }
}
