// Does the browser engine give the time of the same model by hand in the same browser? In each of several browsers whyslow's own page and
// a page by hand take turns, in many short rounds (page-pairs.mjs). Fails where the ratio's interval lies beyond 15 %.
//   node bench/browser.mjs      MODELS=folder ONLY=word,word ENGINE=browser-wasm BROWSERS=3 ROUNDS=16 MINUTES=11
import path from 'node:path'
import { flagsFor, geometricMean, modelsToFix, pagePairs, ratioOf, reasonOf, report, sayRatio, timeLeft } from './shared.mjs'

const engine = process.env.ENGINE ?? 'browser-wasm'
const browsers = Number(process.env.BROWSERS ?? 3)
const rounds = Number(process.env.ROUNDS ?? 16)
const TOLERANCE = 0.15
const SAMPLE_MS = 100
/** A prediction that takes longer is left out: a round has five on each side. */
const SLOW_MS = 1000
const left = timeLeft(11)
const rows = []
for (const file of modelsToFix()) {
  const model = path.basename(file)
  try {
    left.check()
    // The inputs alone are wanted: what feeds a model is found on the quickest engine.
    const { inputs } = report(file, ['--quick', '--duration', '0.3', ...flagsFor(file)])
    const perBrowser = []
    for (let k = 0; k < browsers; k++) {
      const { rounds: pairs, reason } = pagePairs({
        provider: engine.replace('browser-', ''),
        file,
        inputs,
        rounds,
        sampleMs: SAMPLE_MS,
        slowMs: SLOW_MS,
      })
      if (reason) throw new Error(reason)
      perBrowser.push(pairs)
    }
    // Rounds of one browser are alike: its centre counts once.
    const centres = perBrowser.map((pairs) => [
      geometricMean(pairs.map(([own]) => own)),
      geometricMean(pairs.map(([, hand]) => hand)),
    ])
    const ofRounds = ratioOf(perBrowser.flat())
    const inside = Math.max(Math.log(ofRounds.high), -Math.log(ofRounds.low)) <= Math.log(1 + TOLERANCE)
    const outside = ofRounds.low > 1 + TOLERANCE || ofRounds.high < 1 / (1 + TOLERANCE)
    rows.push({
      model,
      'whyslow ms': centres.map(([own]) => own.toFixed(3)).join(' '),
      'by hand ms': centres.map(([, hand]) => hand.toFixed(3)).join(' '),
      'ratio, over rounds': sayRatio(ofRounds),
      'over browsers': browsers > 1 ? sayRatio(ratioOf(centres)) : '',
      verdict: inside ? 'within 15 %' : outside ? 'OFF' : 'unclear',
    })
  } catch (error) {
    rows.push({ model, verdict: `left out: ${reasonOf(error)}` })
  }
  console.log(rows.at(-1))
}
console.table(rows)
process.exit(rows.some(({ verdict }) => verdict === 'OFF') ? 1 : 0)
