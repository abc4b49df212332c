// Do stages add up to the wall time, and what does measuring add to it? For each planted pipeline of stages: the parts of the report beside its
// p50 (the rest is `unexplained`), the reported cost of the clock between stages, and the p50 beside that of a driver that knows nothing of whyslow:
// the same module, called in a plain loop in processes of its own, in turns with whyslow's. Exit 1 where the median over pipelines of unexplained is
// beyond 2 %, or that of the cost beyond 3 %.
//   node bench/pipeline-cost.mjs      COUNT=5 (turns)   ONLY=word   PYTHON=python3
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const COMMAND = path.join(import.meta.dirname, '../dist/whyslow/main.js')
const FOLDER = path.join(import.meta.dirname, 'planted-pipelines')
const python = process.env.PYTHON ?? 'python3'
const count = Number(process.env.COUNT ?? 5)
const only = process.env.ONLY ?? ''
const [MOST_UNEXPLAINED, MOST_COST] = [0.02, 0.03]
/** Of those whose calls take long enough for a difference of 1 % to be told, and that need nothing but the standard library and NumPy. */
const NAMES = [
  'javascript/scalar-loop.mjs',
  'javascript/layout-shuffle.mjs',
  'javascript/json-in-the-loop.mjs',
  'javascript/words.mjs',
  'javascript/growing-array.mjs',
  'python/json-in-the-loop.py',
  'python/growing-array.py',
  'python/layout-shuffle.py',
  'python/tokenizer-dominates.py',
]

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

const SECONDS = 3
const plainOfJavascript = (file) => `
  const m = await import(${JSON.stringify(pathToFileURL(file).href)})
  const samples = [...(await m.samples())], model = m.load ? await m.load() : undefined, times = []
  const once = async (x) => {
    if (m.preprocess) { x = m.preprocess(x); if (x instanceof Promise) x = await x }
    x = m.load ? m.predict(model, x) : m.predict(x); if (x instanceof Promise) x = await x
    if (m.postprocess) { x = m.postprocess(x); if (x instanceof Promise) x = await x }
    return x
  }
  for (let k = 0, end = performance.now() + 1000; performance.now() < end; k++) await once(samples[k % samples.length])
  for (let k = 0, end = performance.now() + ${SECONDS * 1000}; performance.now() < end; k++) {
    const start = performance.now(); await once(samples[k % samples.length]); times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  console.log('\\n' + times[times.length >> 1])`
const plainOfPython = (file) => `
import importlib.util, sys, time
sys.path.insert(0, ${JSON.stringify(path.dirname(file))})
spec = importlib.util.spec_from_file_location("planted", ${JSON.stringify(file)})
m = importlib.util.module_from_spec(spec); spec.loader.exec_module(m)
samples, model, times = list(m.samples()), m.load() if hasattr(m, "load") else None, []
def once(x):
    if hasattr(m, "preprocess"): x = m.preprocess(x)
    x = m.predict(model, x) if hasattr(m, "load") else m.predict(x)
    return m.postprocess(x) if hasattr(m, "postprocess") else x
for seconds, kept in ((1, False), (${SECONDS}, True)):
    end, k = time.perf_counter() + seconds, 0
    while time.perf_counter() < end:
        start = time.perf_counter(); once(samples[k % len(samples)]); took = time.perf_counter() - start
        k += 1
        if kept: times.append(took * 1e3)
times.sort()
print(); print(times[len(times) // 2])`

/** p50 without whyslow. */
function plain(file) {
  const isPython = file.endsWith('.py')
  const words = isPython ? ['-c', plainOfPython(file)] : ['--input-type=module', '-e', plainOfJavascript(file)]
  const { stdout, stderr, status } = spawnSync(isPython ? python : process.execPath, words, { encoding: 'utf8', maxBuffer: 1e9 })
  if (status !== 0) throw new Error(stderr)
  return Number(stdout.trim().split('\n').at(-1))
}

function measured(file) {
  const words = ['pipeline', file, '--quick', '--no-inner', '--python', python, '--json', '-']
  const { stdout, stderr, status } = spawnSync(process.execPath, [COMMAND, ...words], { encoding: 'utf8', maxBuffer: 1e9 })
  if (status !== 0) throw new Error(stderr)
  const { latency, stages, pipeline } = JSON.parse(stdout)
  const sum = stages.reduce((all, { timeMs }) => all + timeMs, 0)
  return {
    p50Ms: latency.p50Ms,
    unexplained: Math.abs(latency.p50Ms - sum) / latency.p50Ms,
    clock: pipeline?.timingOverhead ?? null,
  }
}

const percent = (share) => (share === null || Number.isNaN(share) ? '–' : `${(share * 100).toFixed(1)} %`)
const rows = []
console.log(`${'pipeline'.padEnd(34)}     plain   whyslow  unexplained      adds  clock (reported)`)
for (const name of NAMES.filter((one) => one.includes(only))) {
  const file = path.join(FOLDER, name)
  if (
    name.endsWith('.py') &&
    /import numpy/.test(fs.readFileSync(file, 'utf8')) &&
    spawnSync(python, ['-c', 'import numpy']).status !== 0
  ) {
    console.log(`${name.padEnd(34)} left out: no NumPy`)
    continue
  }
  const [plains, owns] = [[], []]
  for (let turn = 0; turn < count; turn++) {
    const both = [() => plains.push(plain(file)), () => owns.push(measured(file))]
    for (const one of turn % 2 === 0 ? both : both.reverse()) one()
  }
  const row = {
    unexplained: median(owns.map((one) => one.unexplained)),
    adds: median(owns.map((one, at) => one.p50Ms / plains[at])) - 1,
    clock: median(owns.map((one) => one.clock ?? Number.NaN)),
  }
  rows.push(row)
  const [p, w] = [median(plains), median(owns.map((one) => one.p50Ms))]
  console.log(
    `${name.padEnd(34)} ${p.toFixed(3).padStart(9)} ${w.toFixed(3).padStart(9)} ${percent(row.unexplained).padStart(12)} ${percent(row.adds).padStart(9)}  ${percent(row.clock)}`,
  )
}
const [unexplained, adds] = [median(rows.map((one) => one.unexplained)), median(rows.map((one) => one.adds))]
console.log(
  `stages and wall time differ by ${percent(unexplained)}, measuring adds ${percent(adds)} (medians over ${rows.length} pipelines)`,
)
process.exit(unexplained > MOST_UNEXPLAINED || adds > MOST_COST ? 1 : 0)
