// Is what is slow in the user's own code found, on the right line? Each file of planted-pipelines/LANGUAGE has one cause, named in its first
// line; the lines that may be named end in `here`, or stand before one that is nothing else, in the file itself or in the one that a line
// `in: FILE` names. Its twin, NAME.clean.EXT, does the same without, and must not show it. Exit 1 where a cause is not among the first two
// findings, stands on another line, or a twin shows it. What needs packages that are not there is left out by name.
//   node bench/planted-pipelines.mjs [--out folder]      PYTHON=.venv/bin/python:.other/bin/python (the first that has the packages)   ONLY=word,word (.py: Python)
//   PLANTED=folder (in place of planted-pipelines; bench/planted-generators has programs of transformers.js and node-llama-cpp, with packages that stand in
//   for them: what lies in its folder stand-ins is put where the programs find their packages)
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pythonWith, readPlanted } from './planted-files.mjs'
import { keepResult } from './result.mjs'

const FIRST = 2
const LIMIT_MS = 300_000
const STAND_INS = 'stand-ins'
const FOLDER = withPackages(path.resolve(process.env.PLANTED ?? path.join(import.meta.dirname, 'planted-pipelines')))
const COMMAND = path.join(import.meta.dirname, '../dist/whyslow/main.js')
const ENDINGS = /\.(py|mjs|js|ts)$/

const only = process.env.ONLY?.split(',') ?? []

/** The folder; a copy of it with packages where programs find them, if it has some that stand in for others. */
function withPackages(folder) {
  const packages = path.join(folder, STAND_INS)
  if (!fs.existsSync(packages)) return folder
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'planted-'))
  process.on('exit', () => fs.rmSync(copy, { recursive: true, force: true }))
  const isProgram = (file) => !file.startsWith(packages)
  fs.cpSync(folder, copy, { recursive: true, filter: isProgram })
  for (const language of fs.readdirSync(copy)) fs.cpSync(packages, path.join(copy, language, 'node_modules'), { recursive: true })
  return copy
}

function findingsOf(file, python) {
  const flags = file.endsWith('.py') ? ['--python', python] : []
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [COMMAND, 'pipeline', file, '--quick', '--no-inner', '--json', '-', ...flags],
    {
      encoding: 'utf8',
      timeout: LIMIT_MS,
      maxBuffer: 1e9,
    },
  )
  if (status !== 0) return { failed: (stderr || stdout).trim().split('\n').at(-1) }
  const { findings, latency } = JSON.parse(stdout)
  return { findings, p50Ms: latency.p50Ms }
}

const isThere = ({ rule, places }, planted) =>
  rule === planted.rule &&
  (planted.here.length === 0 ||
    places.some(({ file, line }) => path.basename(file) === path.basename(planted.place) && planted.here.includes(line)))

const rows = []
for (const language of fs.readdirSync(FOLDER)) {
  const names = fs.readdirSync(path.join(FOLDER, language)).filter((name) => ENDINGS.test(name))
  const twins = new Set(names.filter((name) => /\.clean\.\w+$/.test(name)))
  for (const name of names) {
    const twin = name.replace(ENDINGS, '.clean.$1')
    if (twins.has(name) || !twins.has(twin) || (only.length > 0 && !only.some((word) => name.includes(word)))) continue
    const file = path.join(FOLDER, language, name)
    const planted = readPlanted(file)
    const python = language === 'python' ? pythonWith(planted.needs) : ''
    if (python === undefined) {
      console.log(`${name.padEnd(36)} left out: no Python with ${planted.needs.join(', ')}`)
      continue
    }
    const found = findingsOf(file, python)
    const clean = findingsOf(path.join(FOLDER, language, twin), python)
    const at = found.findings?.findIndex((finding) => isThere(finding, planted)) ?? -1
    const shown = clean.findings?.some(({ rule }) => rule === planted.rule)
    const isRight = at >= 0 && at < FIRST && shown === false
    const told =
      found.failed ??
      found.findings
        .slice(0, 3)
        .map(({ rule, places }) => `${rule}:${places[0]?.line ?? '-'}`)
        .join(' ')
    const verdict = isRight
      ? `found, ${at + 1}.`
      : at >= 0 && at < FIRST
        ? 'SHOWN BY ITS TWIN'
        : at < 0
          ? 'NOT FOUND'
          : `${at + 1}.`
    console.log(`${name.padEnd(36)} ${verdict.padEnd(18)} ${told}${clean.failed ? ` twin: ${clean.failed}` : ''}`)
    rows.push({ name, rule: planted.rule, needs: planted.needs, verdict, isRight, p50Ms: found.p50Ms ?? null, told })
  }
}
const right = (some) => some.filter(({ isRight }) => isRight).length
console.log(`${right(rows)} of ${rows.length} found on their line, their twins silent`)
const ofTorch = rows.filter(({ needs }) => needs.some((name) => name.startsWith('torch')))
const times = rows.flatMap(({ p50Ms }) => p50Ms ?? [])
await keepResult(
  {
    rightCount: right(rows),
    pairCount: rows.length,
    torchRightCount: right(ofTorch),
    torchPairCount: ofTorch.length,
    shortestMs: Math.min(...times),
    longestMs: Math.max(...times),
  },
  rows,
)
process.exit(right(rows) < rows.length ? 1 : 0)
