// Is the time that `whyslow generate` estimates for other types of weights the time that they take once they are there? One decoder, random weights, is
// written with each type. From each the other two are estimated at three depths, on two engines, and compared with the line that is measured of the file in
// that type.
//   node bench/generation-estimates.mjs [--out folder]     ENGINES=ort-cpu,ort-held   THREADS=1   REPEAT=1
// Exit 1 if the median error is above 15 %. A cell without an estimate, or without a measurement, counts as all wrong.
import path from 'node:path'
import { CLEAN, generated, testWriters } from './generators.mjs'
import { keepResult } from './result.mjs'
import { median, temporaryFolder } from './shared.mjs'

const MOST_ERROR = 0.15
const DEPTHS = [0, 512, 2048]
const TYPES = ['float32', 'int8', 'int4']
const CALLS = ['--prompt-tokens', '64', '--new-tokens', '32']
const { ENGINES = 'ort-cpu,ort-held', THREADS = '1', REPEAT = '1' } = process.env
const engines = ENGINES.split(',')

const { decoderWeights, SHAPE_30M, writeFolder } = await testWriters()
const weights = decoderWeights({ shape: SHAPE_30M })
const files = Object.fromEntries(
  TYPES.map((type) => {
    const written = type === 'int8' ? 'int8-blocks' : type
    const model = { ...CLEAN, weights: written, head: written }
    return [type, writeFolder(path.join(temporaryFolder(), type), weights, { models: { 'model.onnx': model } })]
  }),
)

/** The point of the measured line at a depth; the first one holds a few tokens. */
const measuredAt = ({ depthLine }, depth) => depthLine?.points.find((point) => Math.abs(point.depth - depth) <= 8)?.ms ?? null
const estimateAt = ({ estimates }, type, depth) =>
  estimates.find((one) => one.what === `weights in ${type}` && one.depth === depth)?.timePerTokenMs ?? null
const say = (ms) => (ms === null ? 'none' : ms.toFixed(2)).padStart(7)

const cells = []
for (let round = 0; round < Number(REPEAT); round++) {
  for (const engine of engines) {
    const documents = {}
    for (const type of TYPES) documents[type] = await generated(files[type], ['--engine', engine, '--threads', THREADS, ...CALLS])
    for (const from of TYPES) {
      for (const type of TYPES.filter((one) => one !== from)) {
        for (const depth of DEPTHS) {
          const [estimatedMs, measuredMs] = [estimateAt(documents[from], type, depth), measuredAt(documents[type], depth)]
          const isWhole = estimatedMs !== null && measuredMs !== null
          const error = isWhole ? Math.abs(estimatedMs - measuredMs) / measuredMs : 1
          cells.push({ engine, from, type, depth, estimatedMs, measuredMs, error })
          console.log(
            `${engine.padEnd(10)} ${from.padEnd(8)} -> ${type.padEnd(8)} ${String(depth).padStart(5)}   estimated ${say(estimatedMs)} ms, measured ${say(measuredMs)} ms: ${(error * 100).toFixed(0)} %`,
          )
        }
      }
    }
  }
}

const errorOf = (these) => 100 * median(these.map(({ error }) => error))
const values = { all: { medianErrorPercent: errorOf(cells) } }
for (const [name, of] of [
  ...engines.map((engine) => [engine, (cell) => cell.engine === engine]),
  ...TYPES.map((type) => [`to ${type}`, (cell) => cell.type === type]),
  ...DEPTHS.map((depth) => [`depth ${depth}`, (cell) => cell.depth === depth]),
]) {
  values[name] = { medianErrorPercent: errorOf(cells.filter(of)) }
  console.log(`${name.padEnd(12)} median error ${values[name].medianErrorPercent.toFixed(1)} %`)
}
console.log(`${cells.length} cells: median error ${values.all.medianErrorPercent.toFixed(1)} % (goal ${100 * MOST_ERROR} %)`)
await keepResult(values, cells)
process.exitCode = values.all.medianErrorPercent > 100 * MOST_ERROR ? 1 : 0
