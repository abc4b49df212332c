// Does a remedy save what the diagnosis said it would? The prediction is written down before the trial, from the findings and the
// node times of the diagnosis; those that a sweep already measured do not occur, since `fix` makes no sweeps. A prediction is made
// for the original: remedies that were judged on top of others are judged once more, alone. And of whole models: what was foretold from
// operators alone, beside what those of the foretold remedies came to that were kept.
//   node bench/predictions.mjs      MODELS=folder ONLY=word,word BUDGET=40s
// Exit 1 where the error of the predicted speed-ups is above the limits, in the median or for nine of ten, or nothing was predicted.
import path from 'node:path'
import { remedies } from '../dist/model/remedies/index.js'
import { fixed, flagsFor, median, modelsToFix, reasonOf, temporaryFolder } from './shared.mjs'

const LIMIT = 0.15
const LIMIT_OF_NINE_IN_TEN = 0.4
const budget = process.env.BUDGET ?? '40s'
const treats = new Map(remedies.map((remedy) => [remedy.id, remedy.treats]))

process.on('SIGINT', () => process.exit(130))
// Trials that earlier runs of the user remember must not stand in for new ones.
const env = { XDG_CACHE_HOME: temporaryFolder() }
const rows = []
const wholes = []
let failures = 0
for (const file of modelsToFix()) {
  const model = path.basename(file)
  try {
    const flags = [...flagsFor(file), '--budget', budget]
    const { document } = fixed(file, flags, { env })
    const first = rowsOf(model, document)
    wholes.push(...wholeOf(model, document))
    const own = first.filter(({ after }) => after.length === 0)
    const again = [...new Set(first.filter(({ after }) => after.length > 0).map(({ id }) => id))]
    for (const id of again) {
      const alone = rowsOf(model, fixed(file, [...flags, '--only', id], { env }).document)
      own.push(...alone.filter(({ after }) => after.length === 0))
    }
    rows.push(...own)
    console.log(`${model}: ${own.map(say).join('; ') || 'nothing predicted'}`)
  } catch (error) {
    failures++
    console.log(`${model}: failed: ${reasonOf(error)}`)
  }
}
if (rows.length > 0) printTables()
console.table(
  wholes.map(({ model, foretold, kept, predicted, measured, error }) => ({
    model,
    foretold,
    kept,
    predicted: predicted.toFixed(2),
    measured: measured.toFixed(2),
    'error %': percent(error),
  })),
)
const judged = rows.filter(({ inPairs }) => inPairs)
const error = errorOf(rows)
console.log(
  `${rows.length} predictions: median error ${percent(error)} % (limit ${LIMIT * 100} %); the ${judged.length} that were judged in pairs: ` +
    `${percent(errorOf(judged))} %; ${rows.filter(({ error }) => error <= LIMIT).length} within the limit; models failed: ${failures}`,
)
const kept = rows.filter(({ isKept }) => isKept)
console.log(
  `${kept.length} kept and ${wholes.length} whole models: median error ${percent(errorOf([...kept, ...wholes]))} %, nine of ten within ` +
    `${percent(nineInTen([...kept, ...wholes]))} % (limits ${LIMIT * 100} and ${LIMIT_OF_NINE_IN_TEN * 100} %)`,
)
process.exit(error <= LIMIT && nineInTen([...kept, ...wholes]) <= LIMIT_OF_NINE_IN_TEN ? 0 : 1)

function printTables() {
  console.table(
    rows.map(({ model, name, rule, predicted, measured, error, inPairs }) => ({
      model,
      remedy: name,
      'rule treated': rule,
      predicted: predicted.toFixed(2),
      measured: measured.toFixed(2),
      'error %': (error * 100).toFixed(1),
      by: inPairs ? 'pairs' : 'first look',
    })),
  )
  console.table(
    [...new Set(rows.map(({ rule }) => rule))].map((rule) => {
      const some = rows.filter((row) => row.rule === rule)
      return { 'rule treated': rule, predictions: some.length, 'median error %': percent(errorOf(some)) }
    }),
  )
}

/** Trials with a prediction and a measurement. `after`: what had been kept before them. */
function rowsOf(model, { trials, findings }) {
  return trials.flatMap((trial, at) => {
    const { name, predictedSpeedup: predicted, speedup, lookedSpeedup, pairs } = trial
    const [id] = trial.remedies
    const measured = speedup ?? lookedSpeedup
    if (predicted === null || measured === null) return []
    const after = trials.slice(0, at).flatMap((trial) => (trial.outcome === 'faster' ? [trial.name] : []))
    const rule = ruleOf(id, findings)
    const error = Math.abs(predicted - measured) / measured
    const inPairs = speedup !== null && pairs !== null
    return [{ model, id, name, rule, predicted, measured, error, after, inPairs, isKept: trial.outcome === 'faster' }]
  })
}

/** None where nothing was foretold. Remedies that were not kept gave nothing. */
function wholeOf(model, { foretold, latency, trials }) {
  if (!foretold || foretold.remedies.length === 0) return []
  const kept = trials.filter(({ outcome, remedies }) => outcome === 'faster' && foretold.remedies.includes(remedies[0]))
  const predicted = latency.p50Ms / (latency.p50Ms - foretold.ms)
  const measured = kept.reduce((product, { speedup }) => product * speedup, 1)
  const names = kept.map(({ name }) => name).join(', ') || 'none'
  const error = Math.abs(predicted - measured) / measured
  return [{ model, foretold: foretold.remedies.join(', '), kept: names, predicted, measured, error }]
}

function nineInTen(some) {
  const errors = some.map(({ error }) => error).sort((a, b) => a - b)
  return errors[Math.ceil(0.9 * errors.length) - 1] ?? Number.NaN
}

/** Of the rules that the remedy treats, the one whose finding saves most; remedies that go by the times of nodes need none. */
function ruleOf(id, findings) {
  const treated = findings.filter(({ rule }) => treats.get(id)?.includes(rule))
  if (treated.length === 0) return 'none: node times'
  return treated.reduce((a, b) => (b.wouldSaveMs > a.wouldSaveMs ? b : a)).rule
}

function say({ name, predicted, measured, inPairs }) {
  return `${name} predicted ${predicted.toFixed(2)}, measured ${measured.toFixed(2)}${inPairs ? '' : ' in a first look'}`
}

function errorOf(some) {
  return median(some.map(({ error }) => error))
}

function percent(share) {
  return Number.isFinite(share) ? (share * 100).toFixed(1) : '-'
}
