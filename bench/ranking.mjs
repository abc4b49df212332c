// Is the ranking of `compare` that of plain loops? Every engine that is here, by hand (engine-loop.mjs), in as many rounds of fresh
// processes, on the inputs that `compare` used. A pair disagrees where both tell the two apart, and one way round each.
//   node bench/ranking.mjs      MODELS=folder ONLY=word,word ROUNDS=5 ENGINES=ort-cpu,ort-wasm
import fs from 'node:fs'
import path from 'node:path'
import { compared, engineLoop, flagsFor, modelsToFix, ratioOf, reasonOf, sayRatio } from './shared.mjs'

const rounds = Number(process.env.ROUNDS ?? 5)
const engines = process.env.ENGINES
let [pairsSeen, swapped, disagreeing] = [0, 0, 0]
for (const file of modelsToFix()) {
  const rows = []
  try {
    const flags = ['--rounds', String(rounds), '--quick', ...(engines ? ['--engines', engines] : []), ...flagsFor(file)]
    const { document, inputs } = compared([file], flags)
    const ids = document.contestants.filter(({ p50Ms }) => p50Ms !== null).map(({ id }) => id)
    const times = new Map(ids.map((id) => [id, []]))
    for (let round = 0; round < rounds; round++) {
      for (const id of round % 2 === 0 ? ids : ids.toReversed())
        times.get(id).push(engineLoop({ engine: id, file, inputs, seconds: 0.5 }).p50Ms)
    }
    for (const pair of document.pairs) {
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
  console.log(path.basename(file), `${(fs.statSync(file).size / 1e6).toFixed(1)} MB`)
  console.table(rows)
}
console.log(`${pairsSeen} pairs: ${disagreeing} disagree, ${swapped - disagreeing} are told apart by one of the two alone`)
process.exit(disagreeing > 0 ? 1 : 0)
