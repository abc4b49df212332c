// Does `ab` say no difference where there is none? Programs are compared with themselves; at most three of two hundred may be called faster or
// slower. Each comparison is a line of RESULTS, and what stands there already is not measured again, so that it can be stopped and go on.
//   node bench/ab-same.mjs      COUNT=200   RESULTS=ab-same.jsonl   PYTHON=python3   QUICK=1 (five pairs in place of eight)
// Exit 1 where more than COUNT * 3 / 200 are wrong.
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const COMMAND = path.join(import.meta.dirname, '../dist/whyslow/main.js')
const count = Number(process.env.COUNT ?? 200)
const results = path.resolve(process.env.RESULTS ?? path.join(tmpdir(), 'whyslow-ab-same.jsonl'))
const python = process.env.PYTHON ?? 'python3'
const ALLOWED = 3 / 200

/** Short and long ones, of both languages, that allocate, that sleep, that run an engine. */
const SOURCES = {
  'short.mjs': 'export const samples = () => [1, 2, 3]\nexport const predict = (x) => Math.sqrt(x) + 1\n',
  'allocates.mjs':
    'export const samples = () => [5000]\nexport const predict = (n) => Array.from({ length: n }, (_, i) => ({ i, s: String(i) })).length\n',
  'waits.mjs': 'export const samples = () => [1]\nexport const predict = () => new Promise((done) => setTimeout(done, 3))\n',
  'typed.mjs':
    'const a = Float64Array.from({ length: 1e6 }, (_, i) => i)\nexport const samples = () => [a]\nexport const predict = (x) => x.map((value) => value * value)\n',
  'short.py': 'def samples():\n    return [1.0, 2.0]\ndef predict(x):\n    return x ** 0.5 + 1\n',
  'loops.py': 'def samples():\n    return [20000]\ndef predict(n):\n    return sum(i * i for i in range(n))\n',
}
if (spawnSync(python, ['-c', 'import numpy']).status === 0)
  SOURCES['arrays.py'] =
    'import numpy as np\ndef samples():\n    return [np.arange(1e5)]\ndef predict(x):\n    return float((x * x).sum())\n'
const folder = fs.mkdtempSync(path.join(tmpdir(), 'whyslow-ab-same-'))
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))
const files = Object.entries(SOURCES).map(([name, text]) => {
  fs.writeFileSync(path.join(folder, name), text)
  return [name, path.join(folder, name)]
})

const known = fs.existsSync(results)
  ? fs
      .readFileSync(results, 'utf8')
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  : []
for (let k = known.length; k < count; k++) {
  const [name, file] = files[k % files.length]
  const document = await compared(file)
  const row = { name, verdict: document.verdict, ratio: document.ratio, low: document.ratioLow, high: document.ratioHigh }
  known.push(row)
  fs.appendFileSync(results, `${JSON.stringify(row)}\n`)
  const wrong = known.filter(({ verdict }) => verdict !== 'no-difference').length
  console.log(
    `${String(known.length).padStart(4)} of ${count}  ${name.padEnd(14)} ${row.verdict.padEnd(14)} ${row.ratio.toFixed(4)}  wrong so far: ${wrong}`,
  )
}
const wrong = known.slice(0, count).filter(({ verdict }) => verdict !== 'no-difference')
for (const { name, verdict, ratio, low, high } of wrong) console.log(`${name}: ${verdict}, ${ratio} (${low}–${high})`)
console.log(`${wrong.length} of ${Math.min(count, known.length)} comparisons of a program with itself are wrong`)
process.exit(wrong.length > count * ALLOWED ? 1 : 0)

function compared(file) {
  const words = [COMMAND, 'ab', file, file, '--python', python, '--json', '-', ...(process.env.QUICK ? ['--quick'] : [])]
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
    let told = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      told += text
    })
    child.on('close', (status) =>
      status === 0 ? resolve(JSON.parse(told)) : reject(new Error(`ab ended with ${status} on ${file}`)),
    )
  })
}
