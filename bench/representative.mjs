// Do made-up inputs lead to the verdicts and the calibration ranges of real ones? For each model with real inputs at hand (real-inputs.mjs): the ranges of
// its activations, and whether lossy candidates (int8 in four forms, OpenVINO in bfloat16) may be kept, on inputs that whyslow makes up, on noise, and on
// real ones. Noise is the control from below; from above it is one half of the real inputs against the other.
//   node bench/representative.mjs [--out folder]   OTHERS=folder PHOTOS=folder ONLY=word,word SAMPLES=64 MINUTES=30 PYTHON=venv
import path from 'node:path'
import { writeModelFolder } from '../dist/command/model-files/model-folder.js'
import { readModel } from '../dist/formats/index.js'
import { mulberry32, normal } from '../dist/graph/random.js'
import { viewGraph } from '../dist/graph/view.js'
import { chooseInputs } from '../dist/measure/choose-inputs.js'
import { engineById } from '../dist/measure/engines/index.js'
import { PLAIN_SETTINGS } from '../dist/measure/engines/plain-settings.js'
import { compareOutputs, DEFAULT_LOSS_LIMITS, verdict } from '../dist/measure/outputs/index.js'
import { outputsTask } from '../dist/measure/outputs/outputs-task.js'
import { loadInputs, saveInputs } from '../dist/measure/samples/saved.js'
import { synthesize } from '../dist/measure/samples/synthetic.js'
import { runLocally } from '../dist/measure/trials/local-runner.js'
import { reasonInWords } from '../dist/measure/trials/port.js'
import { emptyMemory } from '../dist/model/commands/fix/precision.js'
import { calibrate } from '../dist/model/quantize/calibrate/index.js'
import { prepareModel } from '../dist/model/quantize/plan/prepare.js'
import { DEFAULT_QUANTIZE_OPTIONS } from '../dist/model/quantize/write/choice.js'
import { quantizableNodes } from '../dist/model/quantize/write/quantizable.js'
import { quantize } from '../dist/model/quantize/write/quantize.js'
import { modelsWithRealInputs } from './real-inputs.mjs'
import { keepResult } from './result.mjs'
import { median, reasonOf, temporaryFolder, timeLeft } from './shared.mjs'

const LEAST_AGREEMENT = 0.95
const MOST_RANGE_ERROR = 0.2
const LEAST_MODELS = 10
const MOST_SAMPLES = Number(process.env.SAMPLES ?? 64)
/** All samples of a set together, on the original. */
const SET_MS = 2000
const limits = { timeMs: 120_000, memoryBytes: 8e9, signal: undefined }
const options = { ...PLAIN_SETTINGS, threads: null, ...(process.env.PYTHON ? { python: process.env.PYTHON } : {}) }
const COMPARED = ['representative', 'noise', 'half']
const left = timeLeft(30)
const only = process.env.ONLY?.split(',')

const bfloat16 = await engineById('openvino-bf16').available(options)
if (!bfloat16.ok) console.log(`OpenVINO in bfloat16 is left out: ${bfloat16.reason}`)

async function measured(task, input) {
  const trial = await runLocally(task, input, limits)
  if (trial.outcome !== 'measured') throw new Error(reasonInWords(trial))
  return trial.value
}

/** The model as `quantize` starts from it, as a file that the engine opens. */
async function prepared(file) {
  const given = await readModel(file)
  const evidence = { inputs: [], findings: [], p50Ms: 1, constraints: {} }
  const optimize = () => Promise.reject(new Error('the engine is not asked here'))
  const model = await prepareModel(given, { options, batchFactor: 1, machineBound: false }, evidence, { optimize })
  const written = await writeModelFolder(model, path.join(temporaryFolder(), 'model'))
  return { ...model, writtenTo: written.file }
}

async function madeUp(model, graph, size) {
  const shapes = new Map(size === undefined ? [] : [[graph.inputs[0].name, size]])
  const nothing = { values: new Map(), data: null, labels: null, pictures: null, batch: null, saveInputs: null }
  const { memoryBytes, signal } = limits
  const engine = { engine: 'ort-cpu', engineOptions: options, run: runLocally, limits: { memoryBytes, signal } }
  return chooseInputs(model, graph, { ...nothing, ...engine, shapes, folder: temporaryFolder() })
}

/** What changes from sample to sample, as noise: normal, or each whole number as likely as the others. States and masks stay. */
function noiseLike(samples) {
  const random = mulberry32(3)
  const changes = (name) => samples.some((sample) => sample[name].data !== samples[0][name].data)
  const bounds = (name) => {
    const all = samples.flatMap((sample) => Array.from(sample[name].data, Number))
    return [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))]
  }
  const known = new Map()
  const noise = ({ dtype, shape, data }, name) => {
    if (dtype.startsWith('float')) return { dtype, shape, data: data.map(() => normal(random)) }
    if (!known.has(name)) known.set(name, bounds(name))
    const [low, high] = known.get(name)
    const whole = () => low + Math.floor(random() * (high - low + 1))
    return { dtype, shape, data: data.map(typeof data[0] === 'bigint' ? () => BigInt(whole()) : whole) }
  }
  return samples.map((sample) =>
    Object.fromEntries(Object.entries(sample).map(([name, tensor]) => [name, changes(name) ? noise(tensor, name) : tensor])),
  )
}

/** Ranges of all activations by minimum and maximum, keyed by value. */
async function rangesOn(model, nodes, samples) {
  const values = new Set(nodes.flatMap(({ activationsIn, activationsOut }) => [...activationsIn, ...activationsOut]))
  const trial = await calibrate({
    ...{ run: runLocally, engine: 'ort-cpu', options, model, values: [...values], methods: ['minmax'], types: new Map() },
    ...{ inputs: saveInputs(temporaryFolder(), samples), samples: samples.length, expectedMs: SET_MS, limits },
    ...{ folder: path.join(temporaryFolder(), 'calibration'), write: writeModelFolder },
  })
  if (trial.outcome !== 'measured') throw new Error(reasonInWords(trial))
  const isObserved = ([, { low, high }]) => Number.isFinite(low) && Number.isFinite(high)
  return new Map(Object.entries(trial.value.ranges.minmax).filter(isObserved))
}

/** By how much the ends of a range are off, of the real range: of each value that is not always the same. */
function rangeErrors(ranges, real) {
  return [...real].flatMap(([value, { low, high }]) => {
    const other = ranges.get(value)
    if (other === undefined || high === low) return []
    return [Math.max(Math.abs(other.low - low), Math.abs(other.high - high)) / (high - low)]
  })
}

/** Files in fewer bits, all layers that can be, and OpenVINO on the model itself. `by`: whose ranges it has; absent: none. */
async function candidatesOf(model, nodes, ranges, calibrating) {
  const forms = [
    { name: 'dynamic', precision: 'dynamic' },
    { name: 'weights in 8 bits', precision: 'weights8' },
    { name: 'weights in 4 bits', precision: 'weights4' },
    ...calibrating.map((by) => ({ name: 'static', precision: 'static', by })),
    ...calibrating.map((by) => ({ name: 'static, a scale per tensor', precision: 'static', by, perChannel: false })),
  ]
  const made = []
  for (const { name, precision, by, perChannel = true } of forms) {
    const layers = new Map(nodes.filter(({ precisions }) => precisions.includes(precision)).map(({ node }) => [node, precision]))
    const chosen = { layers, ranges: ranges[by] ?? new Map(), options: { ...DEFAULT_QUANTIZE_OPTIONS, perChannel } }
    const { model: written, layers: done } = quantize(model, chosen)
    if (done.length === 0) continue
    const { file } = await writeModelFolder(written, path.join(temporaryFolder(), 'model'))
    made.push({ name, by, engine: 'ort-cpu', file })
  }
  return bfloat16.ok ? [...made, { name: 'bfloat16', engine: 'openvino-bf16', file: model.writtenTo }] : made
}

async function look({ name, file, size, read }) {
  const model = await prepared(file)
  const graph = viewGraph(model)
  const chosen = await madeUp(model, graph, size)
  const most = Math.max(8, Math.min(MOST_SAMPLES, Math.floor(SET_MS / chosen.firstLook.predictionMs)))
  const real = await read(chosen.resolved, most)
  const representative = synthesize(chosen.resolved, graph, real.length)
  const sets = { real, representative, noise: noiseLike(representative) }
  const middle = real.length >> 1
  const nodes = quantizableNodes(model)
  const inputs = saveInputs(temporaryFolder(), Object.values(sets).flat())
  const outputsOf = async ({ engine, file: modelFile }) => {
    const { saved } = await measured(outputsTask, { engine, modelFile, options, inputs, outputFolder: temporaryFolder() })
    const all = loadInputs(saved)
    const part = (place) => all.slice(place * real.length, (place + 1) * real.length)
    const outputs = Object.fromEntries(Object.keys(sets).map((set, place) => [set, part(place)]))
    return { ...outputs, half: outputs.real.slice(0, middle), otherHalf: outputs.real.slice(middle) }
  }

  const ranges = {}
  for (const [set, samples] of Object.entries({ ...sets, half: real.slice(0, middle), otherHalf: real.slice(middle) }))
    ranges[set] = await rangesOn(model, nodes, samples)
  const errors = (set) => rangeErrors(ranges[set], ranges[truthOf(set)])
  const rangeError = Object.fromEntries(COMPARED.map((set) => [set, errors(set).length === 0 ? null : median(errors(set))]))

  const original = await outputsOf({ engine: 'ort-cpu', file: model.writtenTo })
  const decisions = []
  // As `quantize`: a memory that is 0 in made-up inputs is not calibrated.
  const calibrating = COMPARED.filter((set) => set !== 'representative' || emptyMemory(chosen) === undefined)
  for (const candidate of await candidatesOf(model, nodes, ranges, calibrating)) {
    let given
    try {
      given = await outputsOf(candidate)
    } catch (error) {
      console.log(`${name}, ${candidate.name}: left out: ${reasonOf(error)}`)
      continue
    }
    // As `fix` and `quantize`: ranges that were found on made-up inputs do not carry over, so their near ties count.
    const judged = (set) => {
      const madeUp = (set === 'representative' || set === 'noise') && candidate.by === undefined
      return verdict(compareOutputs(original[set], given[set], { graph, madeUp }), 'approximate', DEFAULT_LOSS_LIMITS)
    }
    for (const set of candidate.by === undefined ? COMPARED : [candidate.by]) {
      const [seen, truth] = [judged(set), judged(truthOf(set))]
      decisions.push({
        model: name,
        candidate: candidate.name,
        set,
        kept: seen.ok,
        keptOnReal: truth.ok,
        why: seen.reason,
        whyOnReal: truth.reason,
      })
    }
  }
  const likeness = chosen.resolved.map(({ likeness: found }) => found?.of ?? 'as it is').join(', ')
  return { name, likeness, samples: real.length, values: errors('representative').length, rangeError, decisions }
}

/** What a set is held against. */
const truthOf = (set) => (set === 'half' ? 'otherHalf' : 'real')
const percent = (share) => (share === null || Number.isNaN(share) ? '-' : `${(100 * share).toFixed(0)} %`)
const agreeing = (decisions, set) => {
  const own = decisions.filter((one) => one.set === set)
  return { count: own.length, same: own.filter(({ kept, keptOnReal }) => kept === keptOnReal).length }
}

const looks = []
for (const one of modelsWithRealInputs().filter(({ file }) => only?.some((word) => file.includes(word)) ?? true)) {
  try {
    left.check()
    const found = await look(one)
    looks.push(found)
    const cells = COMPARED.map((set) => {
      const { count, same } = agreeing(found.decisions, set)
      return [set, `${same} of ${count}, ranges ${percent(found.rangeError[set])}`]
    })
    console.log(`${found.name}: ${found.samples} samples, ${found.values} values, made up as ${found.likeness}`)
    console.table(Object.fromEntries(cells))
    for (const { candidate, set, kept, keptOnReal, why, whyOnReal } of found.decisions)
      if (set === 'representative' && kept !== keptOnReal)
        console.log(
          `  ${candidate}: ${kept ? 'kept' : 'refused'} (${why}); on real inputs ${keptOnReal ? 'kept' : 'refused'} (${whyOnReal})`,
        )
  } catch (error) {
    console.log(`${one.name}: ${reasonOf(error)}`)
  }
}

const all = looks.flatMap(({ decisions }) => decisions)
const summary = Object.fromEntries(
  COMPARED.map((set) => {
    const { count, same } = agreeing(all, set)
    const wrongly = all.filter((one) => one.set === set && one.kept && !one.keptOnReal).length
    const errors = looks.flatMap(({ rangeError }) => rangeError[set] ?? [])
    return [
      set,
      { decisions: count, agree: same / count, wronglyKept: wrongly, rangeError: errors.length === 0 ? null : median(errors) },
    ]
  }),
)
console.table(
  Object.fromEntries(
    Object.entries(summary).map(([set, { decisions, agree, wronglyKept, rangeError }]) => [
      set,
      { decisions, agree: percent(agree), 'kept, and real inputs refuse': wronglyKept, 'ranges off by': percent(rangeError) },
    ]),
  ),
)
const values = Object.entries(summary).flatMap(([set, { decisions, agree, wronglyKept, rangeError }]) => [
  [`${set}Decisions`, decisions],
  [`${set}AgreePercent`, 100 * agree],
  [`${set}WronglyKept`, wronglyKept],
  [`${set}RangeErrorPercent`, rangeError === null ? null : 100 * rangeError],
])
await keepResult({ models: looks.length, ...Object.fromEntries(values) }, looks)
const { agree, rangeError } = summary.representative
process.exitCode = looks.length >= LEAST_MODELS && agree >= LEAST_AGREEMENT && rangeError <= MOST_RANGE_ERROR ? 0 : 1
