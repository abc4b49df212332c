// Operators beside the exact forms that a remedy gives them, alone, in turns, on the engine's default threads: the ratio of medians in five
// pairs, lowest to highest. Below 1 the form is faster.
//   node bench/forms.mjs      ONLY=word,word keeps rows by their operator
import path from 'node:path'
import ort from 'onnxruntime-node'
import { model, modelInMemory, node, valueInfo } from '../dist/graph/build.js'
import { activationForms } from '../dist/remedies/rewrites/activation-forms.js'
import { softmaxOfTwo } from '../dist/remedies/rewrites/softmax-of-two.js'
import { writeModelFolder } from '../dist/ship/index.js'
import { median, temporaryFolder } from './shared.mjs'

const PAIRS = 5
const RUNS = 60
const activations = ['Elu', 'Softplus', 'Selu', 'Celu', 'Mish']
const rows = [4096, 65_536, 1 << 20].flatMap((count) => [
  ...activations.map((opType) => ({ opType, shape: [1, count], remedy: activationForms })),
  { opType: 'Softmax', shape: [1, count / 2, 2], remedy: softmaxOfTwo },
])
const only = process.env.ONLY?.split(',')

const folder = temporaryFolder()
for (const [at, { opType, shape, remedy }] of rows.entries()) {
  if (only && !only.includes(opType)) continue
  const original = modelInMemory(
    model({
      nodes: [node(opType, ['x'], ['y'])],
      inputs: [valueInfo('x', 'float32', shape)],
      outputs: [valueInfo('y', 'float32', shape)],
      opset: 18,
    }),
  )
  const setup = { model: original, options: {}, batchFactor: 1, machineBound: false }
  const [proposal] = await remedy.apply(setup, { p50Ms: 1, findings: [], constraints: {} }, {})
  const sessions = []
  for (const [name, one] of Object.entries({ original, rewritten: proposal.setup.model })) {
    const { file } = await writeModelFolder(one, path.join(folder, `${at}-${name}`))
    sessions.push(await ort.InferenceSession.create(file))
  }
  const count = shape.reduce((a, b) => a * b, 1)
  const x = new ort.Tensor(
    'float32',
    Float32Array.from({ length: count }, () => Math.random() * 4 - 2),
    shape,
  )
  const y = new ort.Tensor('float32', new Float32Array(count), shape)
  const ratios = []
  for (let pair = 0; pair < PAIRS; pair++) {
    const before = await timeOf(sessions[0], { x }, { y })
    ratios.push((await timeOf(sessions[1], { x }, { y })) / before)
  }
  const said = ratios.sort((a, b) => a - b).map((ratio) => ratio.toFixed(2))
  console.log(`${opType} [${shape.join(', ')}] by ${remedy.id}: ${said.join(' ')}`)
}

async function timeOf(session, feeds, fetches) {
  const times = []
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now()
    await session.run(feeds, fetches)
    times.push(performance.now() - start)
  }
  return median(times)
}
