// One process, independent of whyslow's own code: a plain onnxruntime-node session, or the predict.mjs of a folder that `fix` wrote,
// over saved inputs. Prints JSON: the p50, or with `start` the time from loading to the first result; `keep` names a file for the
// outputs (node:v8); `reuse`: a folder writes results into the same arrays.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { serialize } from 'node:v8'
import { savedFeeds } from './saved-feeds.mjs'

const { file, folder, inputs, threads, options, seconds, start, keep, reuse } = JSON.parse(process.argv[2])

process.env.ORT_DISABLE_TELEMETRY ??= '1'
const before = performance.now()
const { default: ort } = await import('onnxruntime-node')
const importMs = performance.now() - before
const samples = savedFeeds(ort, inputs)
// Imported before the clock runs, as a caller's import statement would be.
const shipped = folder ? await import(pathToFileURL(path.join(folder, 'predict.mjs'))) : null

const loading = performance.now()
const run = await (shipped ? loadShipped() : loadPlain())
await run(samples[0])
const startMs = performance.now() - loading
if (start) end({ importMs, startMs })

if (keep) {
  const outputs = []
  for (const feeds of samples) {
    const results = Object.entries(await run(feeds))
    // Copies: the next prediction may overwrite what this one gave.
    outputs.push(Object.fromEntries(results.map(([name, { type, data }]) => [name, { type, data: data.slice() }])))
  }
  fs.writeFileSync(keep, serialize(outputs))
}
for (let k = 0; k < 5; k++) await run(samples[k % samples.length])
const times = []
const stop = performance.now() + seconds * 1000
for (let k = 0; (performance.now() < stop || k < 10) && k < 100_000; k++) {
  const from = performance.now()
  await run(samples[k % samples.length])
  times.push(performance.now() - from)
}
times.sort((a, b) => a - b)
end({ p50Ms: times[times.length >> 1] })

async function loadShipped() {
  const model = await shipped.load(reuse ? { reuseOutputs: true } : {})
  return (feeds) => model.predict(feeds)
}

async function loadPlain() {
  const session = await ort.InferenceSession.create(file, {
    logSeverityLevel: 3,
    ...(threads ? { intraOpNumThreads: threads } : {}),
    ...options,
  })
  const fetches = session.outputMetadata.filter((output) => output.isTensor).map((output) => output.name)
  return (feeds) => session.run(feeds, fetches)
}

function end(result) {
  fs.writeSync(1, JSON.stringify(result))
  process.exit(0)
}
