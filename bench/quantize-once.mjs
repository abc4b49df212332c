// One process that quantizes every layer of a model that can be, without choosing by measurement: what the quantizer itself takes. Static
// int8 is calibrated on all samples of an .npz (MinMax), in this process, as Python does it; `whyslow quantize` does it in a trial's
// process, which takes another 0.1 to 0.2 s to start. Prints JSON: { seconds, layers, skipped, peakBytes }.
//   node bench/quantize-once.mjs MODEL OUT dynamic|static|weights8|weights4 [CALIBRATION.npz]
import fs from 'node:fs'
import path from 'node:path'
import { writeModelFolder } from '../dist/command/model-files/model-folder.js'
import { readModel } from '../dist/formats/index.js'
import { DEFAULT_QUANTIZE_OPTIONS } from '../dist/model/quantize/write/choice.js'
import { quantizableNodes } from '../dist/model/quantize/write/quantizable.js'
import { quantize } from '../dist/model/quantize/write/quantize.js'
import { initializersAsInputs } from '../dist/model/remedies/rewrites/initializers-as-inputs.js'
import { temporaryFolder } from './shared.mjs'

const [file, out, precision, data] = process.argv.slice(2)
const started = performance.now()
const given = await readModel(file)
const evidence = { inputs: [], findings: [], p50Ms: 1, constraints: {} }
const [freed] = initializersAsInputs.apply({ model: given, options: {}, batchFactor: 1, machineBound: false }, evidence, {})
const model = freed?.setup.model ?? given
const nodes = quantizableNodes(model).filter(({ precisions }) => precisions.includes(precision))
const { ranges, peakBytes } = precision === 'static' ? await calibrated() : { ranges: new Map(), peakBytes: 0 }
const layers = new Map(nodes.map(({ node }) => [node, precision]))
const result = quantize(model, { layers, ranges, options: DEFAULT_QUANTIZE_OPTIONS })
// Beside what is asked for, then renamed.
const folder = `${out}.partial`
fs.rmSync(folder, { recursive: true, force: true })
await writeModelFolder(result.model, folder)
for (const name of fs.readdirSync(folder)) {
  // The weights beside a model are named in it.
  const to = name === 'model.onnx' ? out : path.join(path.dirname(out), name)
  fs.renameSync(path.join(folder, name), to)
}
fs.rmdirSync(folder)
const seconds = (performance.now() - started) / 1000
process.stdout.write(JSON.stringify({ seconds, layers: result.layers.length, skipped: result.skipped.length, peakBytes }))

async function calibrated() {
  const { prepareCalibration } = await import('../dist/model/quantize/calibrate/index.js')
  const { calibrateTask } = await import('../dist/model/quantize/calibrate/task.js')
  const { rowsIn } = await import('./labelled.mjs')
  const { taskInputs } = await import('../dist/measure/samples/saved.js')
  const place = temporaryFolder()
  const { samples } = rowsIn(data)
  const values = new Set(nodes.flatMap(({ activationsIn, activationsOut }) => [...activationsIn, ...activationsOut]))
  const { input, ofAll } = await prepareCalibration({
    engine: 'ort-cpu',
    options: { threads: null, graphOptimization: 'all', executionMode: 'sequential', configEntries: {}, packageFrom: null },
    model,
    values: [...values],
    methods: ['minmax'],
    inputs: taskInputs(path.join(place, 'inputs'), samples),
    samples: samples.length,
    types: new Map(),
    folder: place,
    write: writeModelFolder,
  })
  const found = ofAll(await calibrateTask.run(input))
  const ranges = new Map(
    Object.entries(found.ranges.minmax).filter(([, { low, high }]) => Number.isFinite(low) && Number.isFinite(high)),
  )
  return { ranges, peakBytes: found.peakBytes }
}
