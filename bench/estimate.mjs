// How well does `fleet estimate` do? Every model in every set-up is estimated from every other: from its report there, and from what `whyslow doctor` says of
// this one, with as many threads as there where there are so many. What is known of set-ups has nothing of the one that is estimated.
// Instruction sets are compared between machines, or virtual ones of which one hides AVX-512: run it on each with RESULTS, and bring the folders here.
//   node bench/estimate.mjs [--out folder]  RESULTS=folder goes on where the last run ended; OTHERS=folder,folder are results of other machines; MINUTES, MODELS, ONLY
import path from 'node:path'
import { estimateDocument } from '../dist/fleet/estimate/estimate-on-machine.js'
import { keepResult } from './result.mjs'
import { kept, keptBy, setups } from './setups.mjs'
import { flagsFor, median, models, timeLeft, whyslow } from './shared.mjs'

const MOST_ERROR = 0.2
const LEAST_HELD = 0.8
const left = timeLeft(30)
const files = models()

/** Documents of a set-up: measured here, or kept by a run on another machine, where some may be missing. */
const here = setups([1, 1.5]).map((setup) => ({
  ...{ host: '', within: setup.name, name: setup.name },
  kept: (name, words) => kept(name, (to) => whyslow([...words, ...setup.flags, '--no-progress', '--json', to], setup), left),
}))
const elsewhere = (process.env.OTHERS?.split(',') ?? []).flatMap((folder) =>
  here.flatMap(({ within }) => {
    const host = path.basename(folder)
    const found = keptBy(folder, `machine ${within}`) !== undefined
    if (!found) console.log(`left out: ${within} of ${host} (nothing was kept there)`)
    return found ? [{ host, within, name: `${host}: ${within}`, kept: (name) => keptBy(folder, name) }] : []
  }),
)
const all = [...here, ...elsewhere]

const machines = all.map((setup) => setup.kept(`machine ${setup.within}`, ['machine']))
const reports = all.map((setup) =>
  files.map((file) => setup.kept(`report ${path.basename(file)} ${setup.within}`, [file, ...flagsFor(file), '--quick'])),
)
const instructionsOf = ({ isa }) => (isa.includes('avx512f') ? 'AVX-512' : isa.includes('avx2') ? 'AVX2' : 'neither')
const sets = new Set(machines.map(instructionsOf))
if (sets.size < 2)
  console.log(
    machines[0].isa.includes('avx512f')
      ? 'left out: AVX2 against AVX-512 (onnxruntime, whose kernels measure roofs, asks the CPU and has no switch on x64; OTHERS=folder brings what was measured where the CPU shows AVX2 alone)'
      : 'left out: AVX2 against AVX-512 (this CPU has no AVX-512; OTHERS=folder brings what was measured on one that has)',
  )
const threadsIn = (s) => machines[s].roofs[0].threads
// As `fleet estimate` does: with as many threads as there, where there are more here.
const reportFrom = (f, t, m) => {
  if (threadsIn(f) <= threadsIn(t)) return reports[f][m]
  const [file, threads] = [files[m], threadsIn(t)]
  const name = `report ${path.basename(file)} ${all[f].within} ${threads} of ${threadsIn(f)} threads`
  return all[f].kept(name, [file, ...flagsFor(file), '--threads', String(threads), '--quick'])
}

const pairs = all.flatMap((from, f) =>
  all.flatMap((to, t) => {
    // All CPUs with one thread told are that other set-up itself: measured, and not foretold.
    if (f === t || (from.host === to.host && from.within === 'all CPUs' && to.within === 'one thread')) return []
    const known = reports.filter((_, k) => k !== t).flat()
    return files.flatMap((file, m) => {
      const report = reportFrom(f, t, m)
      // Another machine may not have measured it, or another model of that name.
      if (report === undefined || reports[t][m]?.model.sha256 !== report.model.sha256) return []
      const { there } = estimateDocument({ report, there: machines[t], known: known.filter(Boolean), warnings: [] })
      const truth = reports[t][m].latency.p50Ms
      return [
        {
          model: path.basename(file),
          from: from.name,
          to: to.name,
          instructions: `${instructionsOf(machines[f])} to ${instructionsOf(machines[t])}`,
          foretold: there.p50Ms,
          truth,
          error: Math.abs(there.p50Ms / truth - 1),
          held: there.lowMs <= truth && truth <= there.highMs,
          grade: there.grade,
        },
      ]
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
  for (const to of all) {
    const some = pairs.filter((one) => one.from === from.name && one.to === to.name)
    if (some.length > 0) console.log(`${from.name} to ${to.name}: ${said(some)}`)
  }
for (const change of new Set(pairs.map(({ instructions }) => instructions)))
  if (sets.size > 1) console.log(`${change}: ${said(pairs.filter(({ instructions }) => instructions === change))}`)
console.log(`all: ${said(pairs)}`)
await keepResult({ medianErrorPercent: 100 * median(pairs.map(({ error }) => error)), heldPercent: 100 * share(pairs) }, pairs)
process.exitCode = median(pairs.map(({ error }) => error)) <= MOST_ERROR && share(pairs) >= LEAST_HELD ? 0 : 1
