// Is the set-up that `fix --for slo` finds as good as the best of an exhaustive run over workers × threads × rows, within 5 %? And does joining
// requests, as it chooses, never lose at low load: at a fifth of the rate that holds, with the same arrivals, is the mean no higher?
//   node bench/load/slo-grid.mjs model.onnx [seconds of a run] [p99<20ms]      ROWS=1,32: fewer choices; BUDGET=120: seconds for each of them
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { here, load, ms, printed, rate, table } from './shared.mjs'

const [model = here('../../fixtures/models/credit_mlp.onnx'), seconds = '5', slo = 'p99<20ms'] = process.argv.slice(2)
const cpus = availableParallelism()
const WITHIN = 0.05
const ROWS = (process.env.ROWS ?? '1,2,4,8,16,32').split(',').map(Number)
const BUDGET = process.env.BUDGET ?? '120'
const temporary = mkdtempSync(path.join(tmpdir(), 'bench-slo-'))
process.on('exit', () => rmSync(temporary, { recursive: true, force: true }))

const divisors = Array.from({ length: cpus }, (_, k) => k + 1).filter((workers) => cpus % workers === 0)
// And one CPU left to the thread that speaks HTTP.
const splits = [...divisors.map((workers) => [workers, cpus / workers]), ...(cpus > 1 ? [[cpus - 1, 1]] : [])]
const choices = splits.flatMap(([workers, threads]) => ROWS.map((rows) => ({ workers, threads, rows })))

// Remedies and the choice of fix take about seven minutes, each search its budget at most and the start of a server.
const most = 7 + ((choices.length + 1) * (Number(BUDGET) + 15)) / 60 + (3 * (2.4 * Number(seconds) + 15)) / 60
console.log(
  `fix --for slo, then ${choices.length} choices and the one that was found, up to ${BUDGET} s each, then three runs at low load: ${Math.ceil(most)} minutes at most`,
)

const fast = path.join(temporary, 'fast')
const main = here('../../dist/whyslow/main.js')
const flags = [
  'fix',
  model,
  '-o',
  fast,
  '--for',
  'slo',
  '--slo',
  slo,
  '--no-progress',
  '--json',
  path.join(temporary, 'fix.json'),
]
await printed(process.execPath, [main, ...flags])
const { serving } = JSON.parse(readFileSync(path.join(temporary, 'fix.json'), 'utf8')).fix
const won = serving.best === null ? null : serving.tried[serving.best]
console.log(
  won?.found == null
    ? `fix --for slo: no rate is known to hold ${slo}`
    : `fix --for slo: ${won.workers} × ${won.threads}, up to ${won.maxBatch} rows${won.batchDelayMs ? `, ${ms(won.batchDelayMs)} ms` : ''}: ${rate(won.found.ratePerSecond)} requests/s`,
)

// The model that was shipped, with the choices of the grid, so that only the serving differs; asked again as it is found, in the same run.
// Each search begins at the rate that was found.
const near = won?.found == null ? [] : ['--rate', String(won.found.ratePerSecond)]
const asked = async (file, ...more) => {
  const { found, search } = await load(file, '--slo', slo, '--duration', seconds, '--budget', BUDGET, ...near, ...more)
  const confirmed = found === null ? '' : `${found.confirmed} of ${search.confirmingRuns}`
  const isConfirmed = found?.confirmed === search.confirmingRuns
  return { rate: found?.ratePerSecond ?? 0, confirmed, isConfirmed, ended: search.ended === 'confirmed' ? '' : search.ended }
}
const rows = [['workers × threads', 'rows', 'requests/s', 'runs that confirm', '']]
// Of the choices whose rate is confirmed; the others decide nothing.
let best = 0
let leftOut = 0
// What was compiled has no threads: its folder is served, with each number of workers once.
const source = path.join(fast, 'model.onnx')
const isCompiled = !existsSync(source)
const asWorkers = choices.filter(
  ({ workers }, k) => choices.findIndex((one) => one.workers === workers && one.rows === choices[k].rows) === k,
)
for (const { workers, threads, rows: most } of isCompiled ? asWorkers : choices) {
  try {
    const split = ['--workers', workers, ...(isCompiled ? [] : ['--threads', threads])]
    const one = await asked(isCompiled ? fast : source, ...[...split, '--max-batch', most].map(String))
    if (one.isConfirmed) best = Math.max(best, one.rate)
    else if (one.rate > 0) leftOut++
    rows.push([`${workers} × ${threads}`, most, rate(one.rate), one.confirmed, one.ended])
  } catch (error) {
    rows.push([`${workers} × ${threads}`, most, '-', '', error.message])
  }
}
const own = await asked(fast)
rows.push(['as fix found it', won?.maxBatch ?? '-', rate(own.rate), own.confirmed, own.ended])
table(rows)
// Where no choice of the grid holds it, none need be found.
const isKnown = own.isConfirmed || (own.rate === 0 && best === 0 && leftOut === 0)
const isBest = isKnown && own.rate >= (1 - WITHIN) * best
const verdict = isKnown ? `${isBest ? 'within' : 'MISSED by more than'} ${100 * WITHIN} %` : `NOT CONFIRMED (${own.ended})`
console.log(`\nfound ${rate(own.rate)}, best of the grid ${rate(best)}: ${verdict}`)
if (leftOut > 0)
  console.log(`${leftOut} of the grid left out, whose rates are not confirmed: more seconds for each (BUDGET) may confirm them`)

let loses = false
if (own.rate > 0) {
  const low = String(own.rate / 5)
  const at = async (...more) =>
    (await load(fast, '--rate', low, '--duration', String(2 * Number(seconds)), '--no-alternatives', ...more)).points[0]
  const [alone, joined, again] = [await at('--max-batch', '1'), await at('--max-batch', 'auto'), await at('--max-batch', '1')]
  loses = joined.meanMs > Math.max(alone.intervals.meanMs?.high ?? alone.meanMs, again.intervals.meanMs?.high ?? again.meanMs)
  console.log(
    `at ${rate(own.rate / 5)} requests/s: mean ${ms(alone.meanMs)} ms one by one, ${ms(joined.meanMs)} ms joined (${joined.server.meanTogether.toFixed(3)} together), ${ms(again.meanMs)} ms one by one again${loses ? ': MISSED' : ''}`,
  )
}
process.exitCode = isBest && !loses ? 0 : 1
