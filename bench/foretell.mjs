// How well does `foretell` do? Every model in every set-up is foretold from every other: from its report there, and from what `whyslow machine` says of
// this one, with as many threads as there where there are so many. What is known of set-ups has nothing of the one that is foretold.
//   node bench/foretell.mjs   RESULTS=folder goes on where the last run ended; MINUTES, MODELS, ONLY
import path from 'node:path'
import { foretoldOf } from '../dist/commands/foretell/foretell.js'
import { kept, setups } from './setups.mjs'
import { flagsFor, median, models, timeLeft, whyslow } from './shared.mjs'

const MOST_ERROR = 0.2
const LEAST_HELD = 0.8
const left = timeLeft(30)
const all = setups([1, 1.5])
const files = models()

const machines = all.map((setup) =>
  kept(`machine ${setup.name}`, (to) => whyslow(['machine', ...setup.flags, '--no-progress', '--json', to], setup), left),
)
const reports = all.map((setup) =>
  files.map((file) => {
    const flags = [...flagsFor(file), ...setup.flags, '--quick', '--no-progress']
    return kept(`report ${path.basename(file)} ${setup.name}`, (to) => whyslow([file, ...flags, '--json', to], setup), left)
  }),
)
const threadsIn = (s) => machines[s].roofs[0].threads
// As `foretell` does: with as many threads as there, where there are more here.
const reportFrom = (f, t, m) => {
  if (threadsIn(f) <= threadsIn(t)) return reports[f][m]
  const [file, threads] = [files[m], threadsIn(t)]
  const flags = [...flagsFor(file), '--threads', String(threads), '--quick', '--no-progress']
  const name = `report ${path.basename(file)} ${all[f].name} ${threads} of ${threadsIn(f)} threads`
  return kept(name, (to) => whyslow([file, ...flags, '--json', to], all[f]), left)
}

const pairs = all.flatMap((from, f) =>
  all.flatMap((to, t) => {
    // All CPUs with one thread told are that other set-up itself: measured, and not foretold.
    if (f === t || (from.name === 'all CPUs' && to.name === 'one thread')) return []
    const known = reports.filter((_, k) => k !== t).flat()
    return files.map((file, m) => {
      const { there } = foretoldOf({ report: reportFrom(f, t, m), there: machines[t], known, warnings: [] })
      const truth = reports[t][m].latency.p50Ms
      return {
        model: path.basename(file),
        from: from.name,
        to: to.name,
        foretold: there.p50Ms,
        truth,
        error: Math.abs(there.p50Ms / truth - 1),
        held: there.lowMs <= truth && truth <= there.highMs,
        grade: there.grade,
      }
    })
  }),
)
console.table(
  pairs.map(({ foretold, truth, error, ...rest }) => ({
    ...rest,
    'foretold ms': Number(foretold.toPrecision(3)),
    'measured ms': Number(truth.toPrecision(3)),
    'error %': Math.round(error * 100),
  })),
)
const share = (some) => some.filter(({ held }) => held).length / some.length
const said = (some) =>
  `median error ${(100 * median(some.map(({ error }) => error))).toFixed(1)} %, held ${(100 * share(some)).toFixed(0)} % of ${some.length}`
for (const from of all)
  for (const to of all)
    if (from !== to)
      console.log(`${from.name} to ${to.name}: ${said(pairs.filter((one) => one.from === from.name && one.to === to.name))}`)
console.log(`all: ${said(pairs)}`)
process.exitCode = median(pairs.map(({ error }) => error)) <= MOST_ERROR && share(pairs) >= LEAST_HELD ? 0 : 1
