// Does another engine give what the first comparison said? `whyslow compare` tells how many times as fast each engine is; `fix --only
// engine-choice` ships the best of them, and its folder is held against the untouched original by plain loops in processes that alternate.
// PYTHON names a venv with openvino and ai-edge-litert, whose libraries are found there.
//   PYTHON=venv/bin/python node bench/engine-choice.mjs      MODELS=folder ONLY=word,word BUDGET=20s PAIRS=8 ENGINES=openvino,litert
// Exit 1 where a shipped folder is further than 5 % from what was said, beyond the interval of both, or nothing was shipped at all.
import os from 'node:os'
import path from 'node:path'
import {
  compared,
  fixed,
  flagsFor,
  inPairs,
  median,
  modelsToFix,
  plainLoop,
  ratioOf,
  reasonOf,
  sayRatio,
  temporaryFolder,
} from './shared.mjs'

const LIMIT = 0.05
const budget = process.env.BUDGET ?? '20s'
const pairs = Number(process.env.PAIRS ?? 8)
const engines = process.env.ENGINES ?? 'openvino,litert'
if (process.env.PYTHON) process.env.VIRTUAL_ENV ??= path.dirname(path.dirname(path.resolve(process.env.PYTHON)))
// Trials that earlier runs of the user remember must not stand in for new ones.
const env = { XDG_CACHE_HOME: temporaryFolder() }

process.on('SIGINT', () => process.exit(130))
const rows = []
for (const file of modelsToFix()) {
  const model = path.basename(file)
  try {
    const row = rowOf(file)
    if (row.error !== undefined) rows.push({ model, ...row })
    console.log(`${model}: ${say(row)}`)
  } catch (error) {
    console.log(`${model}: failed: ${reasonOf(error)}`)
  }
}
const errors = rows.map(({ error }) => error)
const far = rows.filter(({ isFar }) => isFar)
console.log(
  `${rows.length} shipped on another engine: median error ${percent(median(errors))} %, ${errors.filter((one) => one <= LIMIT).length} within ` +
    `${percent(LIMIT)} %, ${far.length} further off than both intervals allow${far.length > 0 ? ` (${far.map(({ model }) => model).join(', ')})` : ''}`,
)
process.exit(rows.length > 0 && far.length === 0 ? 0 : 1)

function rowOf(file) {
  const flags = flagsFor(file)
  // As many threads as onnxruntime takes untold: LiteRT is shipped with them where that is faster.
  const asked = ['--ship-engines', `ort-cpu,${engines}`, '--threads', String(os.availableParallelism())]
  const { document: comparison } = compared([file], [...flags, ...asked], { env })
  const { document, inputs, folder } = fixed(file, [...flags, '--only', 'engine-choice', '--budget', budget], { env })
  const kept = document.trials.find((trial) => trial.kept && trial.remedies[0] === 'engine-choice')
  if (kept === undefined)
    return { left: document.trials.map(({ name, reason }) => `${name}: ${reason}`).join('; ') || 'nothing was tried' }
  const [, engine] = kept.name.split(' ')
  const said = comparison.contestants.find((one) => one.engine === engine)
  if (said?.ratio == null) return { left: `${kept.name} was not in the comparison` }
  const measured = ratioOf(inPairs({ file, inputs }, { folder, inputs }, pairs, (side) => plainLoop(side).p50Ms))
  const predicted = { ratio: 1 / said.ratio, low: 1 / said.ratioHigh, high: 1 / said.ratioLow }
  const error = Math.abs(predicted.ratio / measured.ratio - 1)
  const isFar = error > LIMIT && (predicted.low > measured.high * (1 + LIMIT) || predicted.high < measured.low * (1 - LIMIT))
  return { engine, predicted, measured, error, isFar }
}

function say({ left, engine, predicted, measured, error }) {
  if (left !== undefined) return `not shipped on another engine (${left})`
  return `${engine}: said ${sayRatio(predicted)} times as fast, shipped ${sayRatio(measured)}, error ${percent(error)} %`
}

function percent(share) {
  return (share * 100).toFixed(1)
}
