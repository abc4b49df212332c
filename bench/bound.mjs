// The most that precision can give, beside what `whyslow quantize` reached. The bound takes each operator in its best precision, as the
// operators were timed alone, and lets conversions cost nothing: no choice of layers can be faster. Exact rewrites are counted apart:
// both sides are over the model with those that come before quantizing. Models of at least 1 ms count. Slower is what is so beside the
// untouched model, as in fix.mjs. MODELS, ONLY, BUDGET as there.
import fs from 'node:fs'
import path from 'node:path'
import { withMachineLock } from '../dist/command/machine-lock.js'
import { writeModelFolder } from '../dist/command/model-files/model-folder.js'
import { withRun } from '../dist/command/run.js'
import { FIX_DEFAULTS } from '../dist/model/commands/fix/options.js'
import { staticLayers } from '../dist/model/quantize/plan/choose.js'
import { benchmarkOperators } from '../dist/model/quantize/plan/operator-benchmark.js'
import { prepareModel } from '../dist/model/quantize/plan/prepare.js'
import { typesAsRun } from '../dist/model/quantize/plan/types-as-run.js'
import { DEFAULT_QUANTIZE_OPTIONS, precisions } from '../dist/model/quantize/write/choice.js'
import { quantizableNodes } from '../dist/model/quantize/write/quantizable.js'
import { labelledModels } from './labelled.mjs'
import {
  flagsFor,
  geometricMean,
  isSlower,
  median,
  modelsToFix,
  plainLoop,
  ratioOf,
  reasonOf,
  sayRatio,
  temporaryFolder,
  whyslow,
} from './shared.mjs'

const LEAST_MS = 1
const WANTED = 0.85
const ROUNDS = 6
const budget = process.env.BUDGET ?? '60s'
const data = new Map(labelledModels(400).map(({ file, test }) => [file, test]))
const rows = []

for (const file of modelsToFix()) {
  try {
    const row = await compare(file)
    rows.push(row)
    console.log(lineOf(row))
  } catch (error) {
    console.log(`${path.basename(file)}: failed: ${reasonOf(error)}`)
  }
}
const counted = rows.filter(({ preparedMs }) => preparedMs >= LEAST_MS)
const mean = counted.length > 0 ? geometricMean(counted.map(({ reached, bound }) => reached / bound)) : null
const slower = rows.filter(({ beside }) => isSlower(beside))
console.log(
  mean === null
    ? `no model of at least ${LEAST_MS} ms`
    : `${counted.length} models of at least ${LEAST_MS} ms: ${(mean * 100).toFixed(0)} % of the bound by geometric mean (wanted ${WANTED * 100} %); slower: ${slower.length}`,
)
process.exit(mean !== null && mean >= WANTED && slower.length === 0 ? 0 : 1)

async function compare(file) {
  const place = temporaryFolder()
  const inputFolder = path.join(place, 'inputs')
  const out = path.join(place, 'quantized.onnx')
  const own = data.has(file) ? ['--data', data.get(file)] : ['--allow-synthetic', ...flagsFor(file)]
  whyslow(['quantize', file, '-o', out, ...own, '--budget', budget, '--no-progress', '--save-inputs', inputFolder], {
    timeoutMs: 900_000,
  })
  const inputs = path.join(inputFolder, 'inputs.json')
  const { prepared, savingMs, layers } = await boundOf(file, inputs)
  const sides = [file, prepared, out]
  const times = sides.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (let k = 0; k < sides.length; k++) {
      const side = (k + round) % sides.length
      times[side][round] = plainLoop({ file: sides[side], inputs }, { seconds: 0.5 }).p50Ms
    }
  }
  const [, preparedMs, afterMs] = times.map(median)
  // Operators alone may take longer than inside the model: a bound of nothing is none.
  const boundMs = Math.max(preparedMs - savingMs, preparedMs / 20)
  return {
    model: path.basename(file),
    preparedMs,
    afterMs,
    boundMs,
    layers,
    bound: preparedMs / boundMs,
    reached: preparedMs / afterMs,
    beside: times[0].map((before, round) => [before, times[2][round]]),
  }
}

/** The prepared model's file, and what the best precision of each operator would save with free conversions. */
function boundOf(file, inputs) {
  const shapes = new Map(JSON.parse(fs.readFileSync(inputs, 'utf8')).samples[0].map(({ name, shape }) => [name, shape]))
  const values = new Map(flagsFor(file).flatMap((flag, k, all) => (all[k - 1] === '--value' ? [flag.split('=')] : [])))
  return withRun(file, { ...FIX_DEFAULTS, shapes, values }, async (run) => {
    const folder = temporaryFolder()
    const setup = { model: run.model, options: run.engineOptions, batchFactor: 1, machineBound: false }
    const evidence = {
      goal: 'latency',
      engine: { id: 'ort-cpu', version: run.engine.version },
      inputs: [],
      outputs: [],
      findings: [],
      p50Ms: 1,
      constraints: {},
    }
    const facts = { ...evidence, inputs: [...shapes.keys()].map((name) => ({ name, freeAxes: [] })) }
    const prepared = await prepareModel(run.model, setup, facts, {})
    let names = 0
    const bench = {
      run: run.trials.run,
      engineId: 'ort-cpu',
      options: run.engineOptions,
      limits: run.limits,
      folder,
      samples: run.inputs.samples,
      p50Ms: 100,
      write: writeModelFolder,
      writeBytes(bytes, name) {
        fs.writeFileSync(path.join(folder, `${name}.onnx`), bytes)
        return path.join(folder, `${name}.onnx`)
      },
      nextName: (hint) => `${hint}-${names++}`,
      nowMs: () => performance.now(),
      onStep() {},
    }
    const { nodes, benchmark } = await withMachineLock(
      run,
      async () => {
        const types = await typesAsRun(bench, prepared)
        const lasting = new Map([...types].map(([name, { dtype, shape }]) => [name, { dtype, shape }]))
        const nodes = quantizableNodes(prepared, lasting)
        const wanted = precisions.filter((one) => one !== 'float32')
        const operators = { model: prepared, nodes, precisions: wanted, options: DEFAULT_QUANTIZE_OPTIONS, types }
        return { nodes, benchmark: await benchmarkOperators(bench, operators) }
      },
      () => {},
    )
    const { savingMs, layers } = staticLayers(
      { model: prepared, nodes: nodes.map(mayBe), benchmark: free(nodes, benchmark) },
      new Set(),
    )
    const written = await writeModelFolder(prepared, path.join(temporaryFolder(), 'prepared'))
    return { prepared: written.file, savingMs, layers: layers.size }
  })
}

/** Whatever it can be is taken as the one precision that the cut knows. */
function mayBe(one) {
  return one.precisions.length > 0 ? { ...one, precisions: ['static'] } : one
}

/** Every operator in its best precision, and conversions for nothing. */
function free(nodes, benchmark) {
  const converts = new Map(
    nodes.map(({ node, activationsIn }) => [node, benchmark.dynamicMs(benchmark.elementsOf(activationsIn[0] ?? ''))]),
  )
  const times = [...benchmark.times].map(([node, { floatMs, other }]) => {
    const known = Object.entries(other).flatMap(([precision, ms]) => {
      if (typeof ms !== 'number') return []
      return [precision === 'dynamic' ? Math.max(0, ms - (converts.get(node) ?? 0)) : ms]
    })
    return [node, { floatMs, other: known.length > 0 ? { static: Math.min(...known) } : {} }]
  })
  return { ...benchmark, times: new Map(times), quantizeMs: () => 0, dequantizeMs: () => 0 }
}

function lineOf({ model, preparedMs, afterMs, boundMs, layers, bound, reached, beside }) {
  const share = `${((100 * reached) / bound).toFixed(0)} %`
  return `${model}: ${preparedMs.toFixed(3)} ms, bound ${boundMs.toFixed(3)} (${bound.toFixed(2)}x by ${layers} operators), reached ${afterMs.toFixed(3)} (${reached.toFixed(2)}x): ${share} of the bound${preparedMs < LEAST_MS ? ', not counted' : ''}; beside the untouched model ${sayRatio(ratioOf(beside))}`
}
