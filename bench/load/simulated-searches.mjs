// How good is the search for a rate within its default time? Searches of simulated servers whose true rate is known from very long runs: how
// many are confirmed, how far the rate is from the true one, how often the interval contains it, and the time they take. Clocks are simulated
// too: it takes two minutes, whatever the budget.
//   node bench/load/simulated-searches.mjs [searches] [budget in seconds] [--out folder]

import { build } from 'esbuild'
import { keepResult } from '../result.mjs'

const [searches, budget] = [Number(process.argv[2] ?? 100), Number(process.argv[3] ?? 160)]
// The simulated queue is part of the tests, which the build leaves out.
const source = (file) => `export * from '${new URL(`../../packages/serving/src/load/${file}`, import.meta.url).pathname}'`
const { outputFiles } = await build({
  stdin: {
    contents: ['example-queue', 'objective', 'point', 'search'].map((name) => source(`${name}.ts`)).join('\n'),
    resolveDir: '.',
  },
  ...{ bundle: true, write: false, platform: 'node', format: 'esm', packages: 'external', logLevel: 'error' },
})
const code = `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
const { exampleRun, judge, latenciesOf, leastInRun, parseObjective, pointOf, searchRate } = await import(code)

const servers = [
  { name: 'one worker, exponential service of 10 ms', slo: 'p99<120ms', serviceMs: 10 },
  { name: 'one worker, exponential service of 10 ms, busier', slo: 'p99<200ms', serviceMs: 10 },
  { name: 'one worker, fixed service of 10 ms', slo: 'p99<40ms', serviceMs: 10, fixed: true },
  { name: 'two workers, exponential service of 10 ms', slo: 'p99<80ms', serviceMs: 10, workers: 2 },
  { name: 'one worker, fixed service of 1 ms', slo: 'p99<5ms', serviceMs: 1, fixed: true },
]

const runOf = ({ serviceMs, workers = 1, fixed = false }, rate, seed, seconds) =>
  exampleRun({
    serviceMs,
    workers,
    fixed,
    utilisation: Math.min(2, (rate * serviceMs) / 1000 / workers),
    seed,
    measuredMs: 1000 * seconds,
  })

/** Halving on runs of half a million requests and more. */
function trueRate(server, { boundMs }) {
  let [low, high] = [1, ((server.workers ?? 1) * 1000) / server.serviceMs]
  for (let k = 0; k < 14; k++) {
    const middle = (low + high) / 2
    const all = Array.from({ length: 8 }, (_, run) => latenciesOf(runOf(server, middle, 9000 + run, 40 * server.serviceMs)))
    const over = all.reduce((sum, one) => sum + one.filter((ms) => ms >= boundMs).length, 0)
    if (over / all.reduce((sum, one) => sum + one.length, 0) < 0.01) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** A run with its warm-up and start. */
const wholeSeconds = (seconds) => seconds + Math.min(10, Math.max(1, seconds / 5)) + 0.5

async function searched(server, objective, k) {
  let clock = 0
  // As commands/load/search-runs.ts has it.
  const secondsAt = (rate) => {
    const usual = Math.max(5, Math.min(30, budget / 40, 4000 / rate))
    return Math.max(usual, Math.min(300, (leastInRun(objective) + 1) / rate))
  }
  const run = async (rate, seed) => {
    if (rate === null) {
      clock += 3.5
      // One request after another waits for none.
      const { latencies } = { latencies: latenciesOf(runOf({ ...server, workers: 1 }, 1, seed + 1000 * k, 300)) }
      return { latencies, saturated: false, limited: false }
    }
    const seconds = secondsAt(rate)
    const one = runOf(server, rate, seed + 1000 * (k + 1), seconds)
    const latencies = latenciesOf(one)
    const { saturated, keepsUp } = pointOf(one)
    // It ends early when the objective cannot hold any more.
    const most = 4 * Math.max(10, (1 - objective.share) * seconds * rate)
    const { over } = judge(objective, latencies)
    clock += wholeSeconds(seconds * Math.min(1, over > most ? most / over : 1))
    return { latencies, saturated, limited: false, isUnclear: keepsUp === null }
  }
  const hasTimeFor = (rate, runs) => clock + runs * wholeSeconds(secondsAt(rate)) <= budget
  const { found, search } = await searchRate(objective, { run, secondsAt, hasTimeFor, firstSeed: 1, startAt: null })
  return { found, ended: search.ended, seconds: clock }
}

const values = {}
for (const server of servers) {
  const objective = parseObjective(server.slo)
  const rate = trueRate(server, objective)
  const all = []
  for (let k = 0; k < searches; k++) all.push(await searched(server, objective, k))
  const found = all.flatMap((one) => (one.found === null ? [] : [one.found]))
  const share = (of) => found.filter(of).length / searches
  const off = found.map((one) => one.ratePerSecond / rate - 1)
  const mean = off.reduce((sum, one) => sum + one, 0) / off.length
  const spread = Math.sqrt(off.reduce((sum, one) => sum + (one - mean) ** 2, 0) / off.length)
  const row = {
    trueRatePerSecond: rate,
    confirmedShare: share(({ confirmed }) => confirmed >= 5),
    meanOff: mean,
    spread,
    insideShare: share(({ low, high, atLeast }) => low <= rate && (atLeast || rate <= high)),
    meanSeconds: all.reduce((sum, { seconds }) => sum + seconds, 0) / searches,
    mostSeconds: Math.max(...all.map(({ seconds }) => seconds)),
  }
  values[server.name] = row
  const percent = (one) => `${(100 * one).toFixed(0)} %`
  console.log(
    `${server.name}, ${server.slo} (true ${rate.toFixed(1)} requests/s): ${percent(row.confirmedShare)} confirmed, off by ${percent(mean)} ± ${percent(spread)},` +
      ` inside the interval ${percent(row.insideShare)}, ${row.meanSeconds.toFixed(0)} s (at most ${row.mostSeconds.toFixed(0)})`,
  )
}
await keepResult(values, null)
