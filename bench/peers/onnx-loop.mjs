// One process: an ONNX model in a plain loop of onnxruntime-node with its defaults. Prints JSON: the p50 in ms, and the outputs of one
// prediction.    node onnx-loop.mjs FILE SHAPE SECONDS    SHAPE: 1x96x96x3
import ort from 'onnxruntime-node'

const [file, sizes, seconds] = process.argv.slice(2)
const shape = sizes.split('x').map(Number)
const count = shape.reduce((product, one) => product * one, 1)
const values = Float32Array.from({ length: count }, (_, k) => (shape.length === 4 ? (k * 37) % 256 : Math.sin(k * 0.7)))
const session = await ort.InferenceSession.create(file)
const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', values, shape) }

const outputs = [...(await session.run(feeds))[session.outputNames[0]].data]
const times = []
for (let round = 0; round < 20; round++) await session.run(feeds)
const end = performance.now() + Number(seconds) * 1000
while (performance.now() < end) {
  const before = performance.now()
  await session.run(feeds)
  times.push(performance.now() - before)
}
times.sort((a, b) => a - b)
console.log(JSON.stringify({ p50: times[times.length >> 1], outputs }))
