// One process: a plain onnxruntime-node loop over saved inputs, independent of whyslow's own code. Prints the p50 in ms.
import fs from 'node:fs'
import path from 'node:path'
import ort from 'onnxruntime-node'

const { file, inputs, threads, seconds } = JSON.parse(process.argv[2])
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
const session = await ort.InferenceSession.create(file, {
  logSeverityLevel: 3,
  ...(threads ? { intraOpNumThreads: threads } : {}),
})
const fetches = session.outputMetadata.filter((output) => output.isTensor).map((output) => output.name)
for (let k = 0; k < 5; k++) await session.run(samples[k % samples.length], fetches)
const times = []
const end = performance.now() + seconds * 1000
for (let k = 0; (performance.now() < end || k < 10) && k < 100_000; k++) {
  const start = performance.now()
  await session.run(samples[k % samples.length], fetches)
  times.push(performance.now() - start)
}
times.sort((a, b) => a - b)
console.log(times[times.length >> 1])
process.exit(0)
