// Does the browser engine give the time of the same model by hand in the same browser? Three pairs that alternate: a run of
// the main command, and a page of our own (engine-loop.mjs). Fails where the ratio's median is more than 15 % off.
//   node bench/browser.mjs      MODELS=folder ONLY=word,word ENGINE=browser-wasm
import path from 'node:path'
import { engineLoop, flagsFor, inPairs, modelsToFix, ratioOf, reasonOf, report, sayRatio } from './shared.mjs'

const engine = process.env.ENGINE ?? 'browser-wasm'
const PAIRS = 3
const TOLERANCE = 0.15
const rows = []
for (const file of modelsToFix()) {
  try {
    let inputs
    const whyslow = () => {
      const one = report(file, ['--engine', engine, '--quick', '--seconds', '2', ...flagsFor(file)])
      inputs ??= one.inputs
      return one.document.latency.p50Ms
    }
    whyslow()
    const pairs = inPairs('whyslow', 'by hand', PAIRS, (side) =>
      side === 'whyslow' ? whyslow() : engineLoop({ engine, file, inputs, seconds: 1 }).p50Ms,
    )
    const ratio = ratioOf(pairs)
    rows.push({
      model: path.basename(file),
      'whyslow ms': pairs.map(([a]) => a.toFixed(3)).join(' '),
      'by hand ms': pairs.map(([, b]) => b.toFixed(3)).join(' '),
      ratio: sayRatio(ratio),
      verdict: Math.abs(Math.log(ratio.ratio)) <= Math.log(1 + TOLERANCE) ? 'within 15 %' : 'OFF',
    })
  } catch (error) {
    rows.push({ model: path.basename(file), ratio: reasonOf(error) })
  }
}
console.table(rows)
process.exit(rows.some(({ verdict }) => verdict === 'OFF') ? 1 : 0)
