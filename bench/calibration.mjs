// Calibrating with many pictures of 224 x 224 keeps memory flat: the resident size of the calibrating process over time. SAMPLES=500,
// METHOD=entropy (or minmax, percentile, mse, moving-average).
import { fork } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { writeModelFolder } from '../dist/command/model-files/model-folder.js'
import { floatTensor, model, modelInMemory, node, valueInfo, writeModel } from '../dist/graph/build.js'
import { saveInputs } from '../dist/measure/samples/saved.js'
import { runLocally } from '../dist/measure/trials/local-runner.js'
import { calibrate } from '../dist/model/quantize/calibrate/index.js'
import { residentBytes } from './memory.mjs'
import { temporaryFolder } from './shared.mjs'

const SAMPLES = Number(process.env.SAMPLES ?? 500)
const METHOD = process.env.METHOD ?? 'entropy'
/** From the middle of the run to its end. */
const MOST_GROWTH = 1.15
const MB = 1e6

if (process.send === undefined) await watch()
else await work()

/** Runs itself as a child and looks at all of its processes. */
async function watch() {
  const child = fork(process.argv[1], [], { env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' } })
  const looks = []
  const started = performance.now()
  let calibrating = false
  child.on('message', (what) => {
    calibrating = what === 'calibrating'
  })
  const timer = setInterval(() => {
    if (calibrating) looks.push({ seconds: (performance.now() - started) / 1000, bytes: residentBytes(child.pid) })
  }, 100)
  const status = await new Promise((resolve) => child.on('close', resolve))
  clearInterval(timer)
  if (status !== 0) process.exit(status ?? 1)
  const step = Math.max(1, Math.floor(looks.length / 20))
  console.table(
    looks
      .filter((_, k) => k % step === 0)
      .map(({ seconds, bytes }) => ({ seconds: seconds.toFixed(1), MB: Math.round(bytes / MB) })),
  )
  const middle = (from, to) => {
    const part = looks.slice(Math.floor(looks.length * from), Math.max(1, Math.ceil(looks.length * to))).map(({ bytes }) => bytes)
    return part.sort((a, b) => a - b)[part.length >> 1] ?? 0
  }
  // In the second half all values are looked at whole, or the extremes of all: either way no model is opened any more.
  const [early, late] = [middle(0.5, 0.65), middle(0.85, 0.98)]
  const growth = late / early
  const ok = growth <= MOST_GROWTH
  console.log(
    `${SAMPLES} pictures, ${METHOD}: ${Math.round(early / MB)} MB early, ${Math.round(late / MB)} MB late (${growth.toFixed(2)}, at most ${MOST_GROWTH})${ok ? '' : ': GROWS'}`,
  )
  process.exit(ok ? 0 : 1)
}

/** Six convolutions, as many values to calibrate; their activations of all pictures together would be many gigabytes. */
async function work() {
  const place = temporaryFolder()
  const nodes = []
  const initializers = []
  let [last, channels] = ['x', 3]
  const values = ['x']
  for (let k = 0; k < 6; k++) {
    const next = 16
    const weights = Float32Array.from({ length: next * channels * 9 }, (_, i) => Math.sin(i + k) / (3 * channels))
    initializers.push(floatTensor(`w${k}`, [next, channels, 3, 3], weights))
    const strides = k % 2 === 1 ? [2, 2] : [1, 1]
    nodes.push(node('Conv', [last, `w${k}`], [`c${k}`], { pads: [1, 1, 1, 1], kernel_shape: [3, 3], strides }))
    nodes.push(node('Relu', [`c${k}`], [`r${k}`]))
    ;[last, channels] = [`r${k}`, next]
    values.push(`c${k}`, `r${k}`)
  }
  const proto = model({
    nodes,
    initializers,
    inputs: [valueInfo('x', 'float32', [1, 3, 224, 224])],
    outputs: [valueInfo(last, 'float32')],
  })
  const file = path.join(place, 'model.onnx')
  fs.writeFileSync(file, writeModel(proto))
  const samples = Array.from({ length: SAMPLES }, (_, k) => {
    const data = Float32Array.from({ length: 3 * 224 * 224 }, (_, i) => Math.sin(i * 0.01 + k))
    return { x: { dtype: 'float32', shape: [1, 3, 224, 224], data } }
  })
  const inputs = saveInputs(path.join(place, 'inputs'), samples)
  samples.length = 0
  process.send('calibrating')
  const types = new Map(values.map((name) => [name, { dtype: 'float32', shape: [1, name === 'x' ? 3 : 16, 224, 224] }]))
  const trial = await calibrate({
    run: runLocally,
    engine: 'ort-cpu',
    options: { threads: null, graphOptimization: 'all', executionMode: 'sequential', configEntries: {}, packageFrom: null },
    model: { ...modelInMemory(proto), source: { file, format: 'onnx', sha256: '', sizeBytes: 0 } },
    values,
    methods: [METHOD],
    inputs,
    samples: SAMPLES,
    types,
    expectedMs: SAMPLES * 20,
    limits: { memoryBytes: 8e9, signal: undefined },
    folder: place,
    write: writeModelFolder,
  })
  process.send('done')
  if (trial.outcome !== 'measured') {
    console.error(trial)
    process.exit(1)
  }
  console.log(
    `${Object.keys(trial.value.ranges[METHOD]).length} ranges from ${SAMPLES} pictures; the trial's own peak ${Math.round(trial.value.peakBytes / MB)} MB`,
  )
  process.disconnect()
}
