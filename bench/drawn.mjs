// Does a file mean what the library predicts that wrote it? Models are drawn at random, with settings that no fixture has: of scikit-learn, XGBoost, LightGBM
// and CatBoost, whichever PYTHON has, layers of Keras, and what TensorFlow makes of those for TFLite. Exit 1 if one means something else; what is refused is listed.
//   PYTHON=…/bin/python node bench/drawn.mjs     KINDS=tabular,keras_layers,tflite   SEED=1   COUNT=200   KEEP=folder keeps the files
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import ort from 'onnxruntime-node'
import { writeModelFolder } from '../dist/command/model-files/model-folder.js'
import { readModel } from '../dist/formats/index.js'
import { evaluateRow } from '../dist/graph/forest/evaluate.js'
import { InputError } from '../dist/graph/input-error.js'
import { tabularOf } from '../dist/graph/model.js'
import { root, temporaryFolder } from './shared.mjs'

const { PYTHON = 'python3', KINDS = 'tabular,keras_layers,tflite', SEED = '1', COUNT = '200', KEEP } = process.env
/** Largest difference, as a share of the largest output: what float32 computes, and what libraries compute in float64 but for XGBoost's float32. */
const TOLERANCE = { tabular: 1e-6, keras_layers: 1e-4 }

let missed = false
for (const kind of KINDS.split(',')) {
  const folder = path.join(KEEP ?? temporaryFolder(), kind)
  const made = spawnSync(PYTHON, [path.join(root, `bench/drawn/${kind}.py`), folder, SEED, COUNT], { encoding: 'utf8' })
  if (made.status !== 0) throw new Error(made.stderr.trim().split('\n').at(-1))
  const refused = []
  let same = 0
  for (const one of JSON.parse(fs.readFileSync(path.join(folder, 'cases.json'), 'utf8'))) {
    const apart = await distance(folder, one).catch(reasonOf)
    const allowed = one.tolerance ?? TOLERANCE[kind]
    if (typeof apart === 'string') refused.push(`${one.file}: ${apart}`)
    else if (apart <= allowed) same++
    else {
      missed = true
      console.log(
        `${kind} ${one.file} is ${apart.toExponential(1)} from what its library predicts (${allowed.toExponential(1)} allowed): ${one.told}`,
      )
    }
  }
  console.log(`${kind}: ${same} of ${COUNT} mean what their library predicts, ${refused.length} are refused`)
  for (const line of refused) console.log(`  ${line}`)
}
process.exit(missed ? 1 : 0)

function numbersOf({ data }) {
  return new Float64Array(Uint8Array.from(Buffer.from(data, 'base64')).buffer)
}

function reasonOf(error) {
  if (error instanceof InputError) return error.message
  throw error
}

/** The largest difference of an output; rejects with the reason if the file is refused. */
async function distance(folder, { file, input, output }) {
  const model = await readModel(path.join(folder, file))
  const expected = numbersOf(output)
  const given = tabularOf(model) === undefined ? await byEngine(model, input) : byRule(tabularOf(model), input, expected.length)
  if (given.length !== expected.length) return Number.POSITIVE_INFINITY
  const largest = expected.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 1)
  const off = (value, k) => (Object.is(value, expected[k]) ? 0 : Math.abs(value - expected[k]) / largest)
  return given.reduce(
    (most, value, k) => Math.max(most, Number.isNaN(off(value, k)) ? Number.POSITIVE_INFINITY : off(value, k)),
    0,
  )
}

/** Of two classes some predict one number, and some methods give it before it becomes a probability. */
function byRule(tabular, input, count) {
  const [rows, width] = input.shape
  const numbers = numbersOf(input)
  const results = Array.from({ length: rows }, (_, row) => evaluateRow(tabular, numbers.subarray(row * width, (row + 1) * width)))
  const predictions = results.flatMap(({ prediction }) => [...prediction])
  return predictions.length === count ? predictions : results.flatMap(({ margin }) => [...margin])
}

async function byEngine(model, input) {
  const { file } = await writeModelFolder(model, path.join(temporaryFolder(), 'model'))
  const session = await ort.InferenceSession.create(file, { logSeverityLevel: 4 })
  const results = await session.run({
    [session.inputNames[0]]: new ort.Tensor('float32', Float32Array.from(numbersOf(input)), input.shape),
  })
  await session.release()
  return Array.from(results[session.outputNames[0]].data, Number)
}
