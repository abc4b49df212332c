// Does a study say what single runs by hand say? Six models in three set-ups: each cell of `fleet` beside one run of `whyslow` by hand, and beside
// three plain loops without it, in fresh processes of the same set-up. They agree where their intervals meet; of the loops, their range.
//   node bench/study.mjs      RESULTS=folder goes on where the last run ended; MINUTES, MODELS, ONLY
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { kept, setups } from './setups.mjs'
import { flagsFor, median, models, root, timeLeft, whyslow } from './shared.mjs'

const LOOPS = 3
const MODELS = 6
const left = timeLeft(15)

function loop(file, inputs, { threads, prefix }) {
  const [program, ...rest] = [...prefix, process.execPath, path.join(root, 'bench/plain-loop.mjs')]
  const run = spawnSync(program, [...rest, JSON.stringify({ file, inputs, threads: threads ?? undefined, seconds: 0.8 })], {
    encoding: 'utf8',
    cwd: root,
  })
  if (run.status !== 0) throw new Error(run.stderr.trim().split('\n').at(-1))
  return JSON.parse(run.stdout).p50Ms
}

const interval = ({ p50Ms, ciLowMs, ciHighMs }) =>
  `${p50Ms.toPrecision(3)} (${ciLowMs.toPrecision(3)}–${ciHighMs.toPrecision(3)})`
const meet = (a, b) => a.ciLowMs <= b.ciHighMs && b.ciLowMs <= a.ciHighMs
const rows = []
const all = setups([1])
for (const file of models().slice(0, MODELS))
  for (const setup of all) {
    const name = `${path.basename(file)} ${setup.name}`
    const measured = (to) => {
      const inputs = `${to}.inputs`
      const flags = [...flagsFor(file), ...setup.flags, '--quick', '--no-progress']
      whyslow(['fleet', file, ...flags, '--json', `${to}.study`, '--save-inputs', inputs], setup)
      const { table, reports } = JSON.parse(fs.readFileSync(`${to}.study`, 'utf8'))
      whyslow([file, ...flags, '--json', `${to}.run`], setup)
      const { latency } = JSON.parse(fs.readFileSync(`${to}.run`, 'utf8'))
      const run = { p50Ms: latency.p50Ms, ciLowMs: latency.ciLowMs, ciHighMs: latency.ciHighMs }
      // By hand as they would be run: with as many threads as the set-up has CPUs, where none were told.
      const threads = setup.threads ?? reports[0].engine.options.threadsInUse
      const loops = Array.from({ length: LOOPS }, () => loop(file, path.join(inputs, 'inputs.json'), { ...setup, threads }))
      for (const one of [`${to}.study`, `${to}.run`, inputs]) fs.rmSync(one, { recursive: true })
      fs.writeFileSync(to, JSON.stringify({ cell: table.rows[0].cells[0], run, loops }))
    }
    const { cell, run, loops } = kept(`study ${name}`, measured, left)
    const [low, high] = [Math.min(...loops), Math.max(...loops)]
    rows.push({
      model: path.basename(file),
      'set-up': setup.name,
      'study ms': `${interval(cell)} ${cell.trust}`,
      'run ms': interval(run),
      agree: meet(cell, run),
      'loops ms': `${low.toPrecision(3)}–${high.toPrecision(3)}`,
      'with loops': meet(cell, { ciLowMs: low, ciHighMs: high }),
      'study / hand': Number((cell.p50Ms / median(loops)).toFixed(3)),
    })
  }
console.table(rows)
const agree = rows.filter((row) => row.agree).length
const withLoops = rows.filter((row) => row['with loops']).length
console.log(`${agree} of ${rows.length} cells agree with single runs by hand, ${withLoops} with plain loops`)
process.exitCode = agree === rows.length ? 0 : 1
