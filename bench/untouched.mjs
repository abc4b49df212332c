// What does a shipped folder cost beside a plain call? Where `fix` proves nothing it hands over the untouched original: its `predict()` and a
// plain session of the same file take turns in one process, a round of each forth and back, so that both meet the same states of the machine. Both
// on one thread: the waiting threads of two sessions would take the CPUs from each other.
//   node bench/untouched.mjs [--out folder]     MODELS=folder ONLY=word,word ROUNDS=60 PROCESSES=3
// Exit 1 where a folder's median ratio over processes is more than 1 % and 2 µs above a plain call's.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { keepResult } from './result.mjs'
import { savedFeeds } from './saved-feeds.mjs'
import { fixed, flagsFor, median, models, reasonOf } from './shared.mjs'

const LIMIT = 0.01
const LIMIT_US = 2
const ROUND_MS = 25
const rounds = Number(process.env.ROUNDS ?? 60)
const processes = Number(process.env.PROCESSES ?? 3)

if (process.argv[2] === '--loop') {
  console.log(JSON.stringify(await loop(JSON.parse(process.argv[3]))))
  process.exit()
}

process.on('SIGINT', () => process.exit(130))
let isOver = false
let measured = 0
const [values, raw] = [{}, {}]
for (const file of models()) {
  const model = path.basename(file)
  try {
    // A remedy of tree ensembles with maps at their end: nothing is kept of any other model.
    const { document, inputs, folder } = fixed(file, [
      ...flagsFor(file),
      '--threads',
      '1',
      '--only',
      'zipmap-removal',
      '--budget',
      '5s',
    ])
    if (document.fix.kept.length > 0) throw new Error('something was kept')
    const runs = Array.from({ length: processes }, () => inProcess({ file, inputs, folder }))
    const ratio = median(runs.map(({ ratio }) => ratio))
    const extraUs = median(runs.map(({ extraUs }) => extraUs))
    const over = ratio > 1 + LIMIT && extraUs > LIMIT_US
    isOver ||= over
    measured++
    const id = path.basename(model, '.onnx').replaceAll('.', '-')
    values[id] = { p50Ms: runs[0].plainMs, times: ratio, extraUs }
    raw[id] = runs
    const each = runs.map((run) => run.ratio.toFixed(4)).join(' ')
    const said = `its folder ${ratio.toFixed(4)} times as long (${each}), ${extraUs.toFixed(1)} µs more${over ? ' OVER' : ''}`
    console.log(`${model}: ${runs[0].plainMs.toPrecision(3)} ms, ${said}`)
  } catch (error) {
    console.log(`${model}: left out: ${reasonOf(error)}`)
  }
}
await keepResult(values, raw)
process.exit(isOver || measured === 0 ? 1 : 0)

function inProcess(spec) {
  const run = spawnSync(process.execPath, [import.meta.filename, '--loop', JSON.stringify(spec)], { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(run.stderr.trim().split('\n').at(-1))
  return JSON.parse(run.stdout)
}

/** Medians of rounds in pairs: the folder's over the plain call's. */
async function loop({ file, inputs, folder }) {
  const { default: ort } = await import('onnxruntime-node')
  const { load } = await import(pathToFileURL(path.join(folder, 'predict.mjs')))
  const [feeds] = savedFeeds(ort, inputs)
  const session = await ort.InferenceSession.create(file, { intraOpNumThreads: 1 })
  const shipped = await load()
  const sides = [() => session.run(feeds), () => shipped.predict(feeds)]
  for (const side of [...sides, ...sides]) await roundOf(side)
  const ratios = []
  const extras = []
  const plain = []
  for (let k = 0; k < rounds; k++) {
    const times = [0, 0]
    for (const side of k % 2 === 0 ? [0, 1] : [1, 0]) times[side] = await roundOf(sides[side])
    ratios.push(times[1] / times[0])
    extras.push((times[1] - times[0]) * 1000)
    plain.push(times[0])
  }
  return { ratio: median(ratios), extraUs: median(extras), plainMs: median(plain) }
}

async function roundOf(predict) {
  const times = []
  const end = performance.now() + ROUND_MS
  while (performance.now() < end || times.length < 3) {
    const start = performance.now()
    await predict()
    times.push(performance.now() - start)
  }
  return median(times)
}
