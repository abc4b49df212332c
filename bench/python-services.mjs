// `whyslow fix service.py` on services as their users would write them (python-services/): how much faster is the program with the lines changed that fix tells,
// and are its results the same? Each file names in its first line what it needs; without it the service is left out by name. Exit code 1 where nothing was
// shipped, a service is slower, results differ, or the geometric mean is below twice as fast.
//   PYTHON=.venv/bin/python:.other/bin/python node bench/python-services.mjs [--out folder]      ONLY=word,word   SERVICES=folder (in place of python-services)
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { pythons, pythonWith } from './planted-files.mjs'
import { keepResult } from './result.mjs'
import { root, temporaryFolder } from './shared.mjs'

const GOAL = 2
const LIMIT_MS = 900_000
const COMMAND = path.join(root, 'dist/whyslow/main.js')

const only = process.env.ONLY?.split(',') ?? []
const from = path.resolve(process.env.SERVICES ?? path.join(import.meta.dirname, 'python-services'))

const folder = path.join(temporaryFolder(), 'services')
fs.cpSync(from, folder, { recursive: true, filter: (file) => path.basename(file) !== '__pycache__' })
if (fs.existsSync(path.join(folder, 'make_models.py')))
  for (const python of pythons) spawnSync(python, ['make_models.py'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })

const rows = []
const wrong = []
for (const name of fs.readdirSync(folder).sort()) {
  if (!name.endsWith('.py') || name === 'make_models.py' || (only.length > 0 && !only.some((word) => name.includes(word))))
    continue
  const needs = /^# needs: (.*)$/m.exec(fs.readFileSync(path.join(folder, name), 'utf8'))?.[1].split(' ') ?? []
  const python = pythonWith(needs)
  if (python === undefined) {
    console.log(`${name}: left out, no Python with ${needs.join(', ')}`)
    continue
  }
  const words = [COMMAND, 'fix', name, '-o', 'fast', '--force', '--python', path.resolve(python), '--json', '-', '--no-progress']
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    cwd: folder,
    encoding: 'utf8',
    timeout: LIMIT_MS,
    maxBuffer: 1e9,
  })
  if (status !== 0) {
    const told = stderr.trim().split('\n').at(-1)
    rows.push({ service: name, told })
    wrong.push(`${name}: ${told}`)
    continue
  }
  const { ratio, ratioHigh, ratioLow, a, b, outputs, fix } = JSON.parse(stdout)
  const runs = fix.models.map(({ runs, reason }) => runs ?? reason).join(', ')
  rows.push({
    service: name,
    beforeMs: a.callMs,
    afterMs: b.callMs,
    speedup: 1 / ratio,
    low: 1 / ratioHigh,
    high: 1 / ratioLow,
    results: outputs.agreement,
    runs,
  })
  if (fix.shipped === null) wrong.push(`${name}: nothing was shipped (${outputs.agreement}, ${(1 / ratio).toFixed(2)}×)`)
}
console.table(rows)
const measured = rows.filter(({ speedup }) => speedup !== undefined)
const mean = Math.exp(measured.reduce((sum, { speedup }) => sum + Math.log(speedup), 0) / measured.length)
console.log(`${mean.toFixed(2)}× by geometric mean of ${measured.length}`)
if (!(mean >= GOAL)) wrong.push(`the geometric mean is below ${GOAL}`)
for (const line of wrong) console.log(line)
const values = Object.fromEntries(
  measured.map(({ service, beforeMs, afterMs, speedup }) => [
    path.parse(service).name,
    { beforeMs, afterMs, speedupRatio: speedup },
  ]),
)
await keepResult({ ...values, meanRatio: mean, services: measured.length }, rows)
process.exitCode = wrong.length > 0 ? 1 : 0
