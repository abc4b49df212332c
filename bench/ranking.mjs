// Is the ranking of `compare` that of plain loops? Engines that are ranked, by hand (engine-loop.mjs), in as many rounds of fresh
// processes, on the inputs that `compare` used. A pair disagrees where both tell the two apart, and one way round each. Software
// adapters take no place and no part.
//   node bench/ranking.mjs      MODELS=folder ONLY=word,word ROUNDS=4 ENGINES=ort-cpu,ort-wasm MINUTES=11
import fs from 'node:fs'
import path from 'node:path'
import { listEngines } from '../dist/model/commands/engines.js'
import { compared, engineLoop, flagsFor, modelsToFix, ratioOf, reasonOf, sayRatio, timeLeft } from './shared.mjs'

const MOST_ROUNDS = 4
const LEAST_ROUNDS = 3
/** What a model takes with four rounds of three engines, where the time is spread over the models that are left. */
const ROUNDS_MS = 36_000
/** By hand, a prediction that takes longer is left out: a loop has six. */
const SLOW_MS = 1500
/** WebAssembly is compiled a second time while it runs. */
const LOOP = { seconds: 0.3, warmupSeconds: 0.5 }

const engines = process.env.ENGINES?.split(',') ?? (await rankedHere())
console.log(`engines: ${engines.join(', ')}`)
const left = timeLeft(11)
let [pairsSeen, swapped, disagreeing] = [0, 0, 0]
const files = modelsToFix()
for (const [at, file] of files.entries()) {
  const rows = []
  const start = performance.now()
  try {
    left.check()
    const enough = left.ms() / (files.length - at) >= ROUNDS_MS
    const rounds = Number(process.env.ROUNDS ?? (enough ? MOST_ROUNDS : LEAST_ROUNDS))
    const flags = ['--runs', String(rounds), '--quick', '--engines', engines.join(','), ...flagsFor(file)]
    const { document, inputs } = compared([file], flags)
    const measured = document.contestants.filter(({ p50Ms, software }) => p50Ms !== null && !software)
    for (const { id, p50Ms, reason } of document.contestants.filter((one) => !measured.includes(one) || one.p50Ms > SLOW_MS))
      rows.push({
        pair: id,
        order: `left out: ${p50Ms > SLOW_MS ? `one prediction takes ${(p50Ms / 1000).toFixed(1)} s` : reason}`,
      })
    const ids = measured.filter(({ p50Ms }) => p50Ms <= SLOW_MS).map(({ id }) => id)
    const times = new Map(ids.map((id) => [id, []]))
    for (let round = 0; round < rounds; round++) {
      for (const id of round % 2 === 0 ? ids : ids.toReversed())
        times.get(id).push(engineLoop({ engine: id, file, inputs, ...LOOP }).p50Ms)
    }
    for (const pair of document.pairs.filter(({ a, b }) => times.has(a) && times.has(b))) {
      // As in the document: b / a.
      const byHand = ratioOf(times.get(pair.b).map((ms, round) => [ms, times.get(pair.a)[round]]))
      const order = byHand.low > 1 ? 'faster' : byHand.high < 1 ? 'slower' : 'no-difference'
      const agrees = order === pair.order
      const contradicts = !agrees && order !== 'no-difference' && pair.order !== 'no-difference'
      pairsSeen++
      if (!agrees) swapped++
      if (contradicts) disagreeing++
      rows.push({
        pair: `${pair.b} / ${pair.a}`,
        whyslow: sayRatio({ ratio: pair.ratio, low: pair.ratioLow, high: pair.ratioHigh }),
        'by hand': sayRatio(byHand),
        order: contradicts ? 'DISAGREES' : agrees ? order : `${pair.order}, by hand ${order}`,
      })
    }
  } catch (error) {
    rows.push({ pair: reasonOf(error) })
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  console.log(path.basename(file), `${(fs.statSync(file).size / 1e6).toFixed(1)} MB, ${seconds} s`)
  console.table(rows)
}
console.log(`${pairsSeen} pairs: ${disagreeing} disagree, ${swapped - disagreeing} are told apart by one of the two alone`)
process.exit(disagreeing > 0 ? 1 : 0)

async function rankedHere() {
  const { engines: rows } = await listEngines()
  return rows.filter(({ here, deviceKind }) => here && deviceKind !== 'software-gpu').map(({ id }) => id)
}
