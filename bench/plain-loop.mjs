// One process, independent of whyslow's own code: a plain onnxruntime-node session, or the predict.mjs of a folder that `fix` wrote,
// over saved inputs. Prints JSON: the p50, or with `start` the time from loading to the first result; `keep` names a file for the
// outputs (node:v8).
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { serialize } from 'node:v8'

const { file, folder, inputs, threads, options, seconds, start, keep } = JSON.parse(process.argv[2])
const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
}

process.env.ORT_DISABLE_TELEMETRY ??= '1'
const before = performance.now()
const { default: ort } = await import('onnxruntime-node')
const importMs = performance.now() - before
const samples = JSON.parse(fs.readFileSync(inputs, 'utf8')).samples.map((sample) =>
  Object.fromEntries(
    sample.map(({ name, dtype, shape, file: bytesFile }) => {
      const bytes = fs.readFileSync(path.join(path.dirname(inputs), bytesFile))
      if (dtype === 'string') return [name, new ort.Tensor('string', JSON.parse(bytes.toString('utf8')), shape)]
      const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
      return [name, new ort.Tensor(dtype, new arrays[dtype](buffer), shape)]
    }),
  ),
)
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
  const model = await shipped.load()
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
