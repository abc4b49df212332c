// `quantize -o name.tflite`: the model as a .tflite file in fewer bits, written as TensorFlow's own converter does it. Nothing is timed:
// what a runtime makes of it is measured where that runtime is (`whyslow compare`).
import fs from 'node:fs'
import path from 'node:path'
import { writeModelFolder } from '@whyslow/command/model-files/model-folder.ts'
import { modelForEngine } from '@whyslow/command/model-files/model-for-engine.ts'
import { DEFAULTS, type WhyOptions } from '@whyslow/command/options.ts'
import { type Run, withRun } from '@whyslow/command/run.ts'
import { toolVersion } from '@whyslow/command/version.ts'
import { readModel } from '@whyslow/formats/index.ts'
import { dynamicRange, fullInteger, halfFloats, largeConstants, quantizedOf } from '@whyslow/formats/tflite/quantize/index.ts'
import { encodeLite, type LiteGraph } from '@whyslow/formats/tflite/write/index.ts'
import { liteGraphOf, liteOperators } from '@whyslow/formats/tflite/write/lite-model.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { fileForEngine } from '@whyslow/graph/model.ts'
import { compareOutputs } from '@whyslow/measure/outputs/index.ts'
import { outputsTask } from '@whyslow/measure/outputs/outputs-task.ts'
import { loadInputs, taskInputs } from '@whyslow/measure/samples/saved.ts'
import { modelTask } from '@whyslow/measure/trials/model-task.ts'
import { reasonOf } from '@whyslow/measure/trials/port.ts'
import type { LiteQuantizeDocument } from '@whyslow/report/documents/lite-quantize.ts'
import { calibrate, checkSamples } from '../quantize/calibrate/index.ts'
import { checkModelOut, writeAlone } from '../ship/index.ts'

export interface QuantizeLiteOptions extends WhyOptions {
  /** The file to write: name.tflite. */
  readonly out: string
  readonly force: boolean
  /** dynamic: int8 weights; static: int8 activations, too, by ranges seen on samples; float16: weights in half the bytes. */
  readonly method: LiteQuantizeDocument['method']
}

/** Throws InputError if the model, its inputs or `out` cannot be used, or TFLite cannot hold the model; then nothing is written. */
export async function quantizeLite(
  file: string,
  given: Partial<QuantizeLiteOptions> & Pick<QuantizeLiteOptions, 'out'>,
): Promise<LiteQuantizeDocument> {
  const options: QuantizeLiteOptions = { ...DEFAULTS, force: false, method: 'dynamic', ...given }
  const { out, force, method, signal } = options
  checkModelOut(out, force, file)
  return withRun(file, options, async (run) => {
    const float = liteGraphOf(run.model)
    const { samples, source } = run.inputs
    if (method === 'static' && options.data !== null) checkSamples(samples.length, options.data)
    const graph = await quantized(file, run, float, options)
    const bytes = encodeLite(graph, file)
    const files = await writeAlone({ out, force, signal, from: file }, (folder, name) => folder.add(name, 'model', [bytes]))
    const written = files[0]!
    const { agreement, unknown } = await agreementOf(run, bytes, options)
    const { format, sizeBytes, sha256 } = run.model.source
    return {
      schema: 'whyslow-quantize-tflite/1',
      tool: { version: toolVersion },
      from: { file, format, sizeBytes, sha256 },
      to: {
        file: out,
        format: 'tflite',
        sizeBytes: written.sizeBytes,
        sha256: written.sha256,
        floatSizeBytes: encodeLite(float, file).byteLength,
      },
      method,
      operators: liteOperators(graph),
      inFloat: method === 'static' ? inFloat(graph) : {},
      weights: weightsOf(graph),
      calibration: method === 'static' ? { samples: samples.length, source } : null,
      agreement,
      unknown: [
        ...unknown,
        ...(method === 'static'
          ? [`how its outputs agree on other inputs: ranges were found on the same ${samples.length}`]
          : []),
        'how fast it runs: it was not timed (whyslow compare times installed runtimes)',
      ],
    }
  })
}

/** Throws InputError if a weight is no finite number. */
async function quantized(file: string, run: Run, float: LiteGraph, options: QuantizeLiteOptions): Promise<LiteGraph> {
  const ranges = options.method === 'static' ? await rangesOf(run, float, options) : new Map()
  return quantizedOf(file, () => {
    if (options.method === 'float16') return halfFloats(float)
    return options.method === 'static' ? fullInteger(float, ranges) : dynamicRange(float)
  })
}

/** Smallest and largest of every float value that the graph's tensors hold, over all samples, as TensorFlow's calibration has it. */
async function rangesOf(run: Run, graph: LiteGraph, options: QuantizeLiteOptions) {
  const { inputs, engineOptions, model, limits, folder, trials } = run
  const tensors = [...graph.inputs.map(({ tensor }) => tensor), ...graph.operators.flatMap(({ outputs }) => outputs)]
  const values = new Set(tensors.flatMap(({ dtype, holds }) => (dtype === 'float32' && holds !== undefined ? [holds] : [])))
  run.progress({ stage: `calibrating ${values.size} values on ${inputs.samples.length} samples`, done: 0, of: 1 })
  const at = path.join(folder, 'calibration')
  const trial = await calibrate({
    run: trials.run,
    engine: options.engine,
    options: engineOptions,
    model,
    values: [...values],
    methods: ['minmax'],
    inputs: taskInputs(at, inputs.samples),
    samples: inputs.samples.length,
    types: new Map(),
    expectedMs: inputs.samples.length * inputs.firstLook.predictionMs,
    limits,
    folder: at,
    write: writeModelFolder,
  })
  if (trial.outcome !== 'measured')
    throw new InputError(`${model.source.file}: the ranges of its values could not be found: ${reasonOf(trial)}`)
  const seen = Object.entries(trial.value.ranges.minmax ?? {})
  return new Map(seen.filter(([, { low, high }]) => Number.isFinite(low) && Number.isFinite(high)))
}

/** The written file, as this tool reads it, against the model that it was made of. */
async function agreementOf(
  run: Run,
  bytes: Uint8Array,
  options: QuantizeLiteOptions,
): Promise<Pick<LiteQuantizeDocument, 'agreement' | 'unknown'>> {
  const { folder, inputs, trials, limits, engineOptions, model, graph } = run
  const file = path.join(folder, 'quantized.tflite')
  fs.writeFileSync(file, bytes)
  const not = (why: string) => ({ agreement: null, unknown: [`how its outputs agree with the float model's: ${why}`] })
  const results = async (modelFile: string, name: string) => {
    const task = modelTask(options.engine, modelFile, engineOptions, inputs.saved)
    const timeMs = 60_000 + 100 * inputs.samples.length * inputs.firstLook.predictionMs
    const trial = await trials.run(
      outputsTask,
      { ...task, outputFolder: path.join(folder, name) },
      { timeMs, memoryBytes: limits.memoryBytes, signal: limits.signal },
    )
    return trial.outcome === 'measured' ? loadInputs(trial.value.saved) : reasonOf(trial)
  }
  try {
    const read = await modelForEngine(await readModel(file), options.engine, path.join(folder, 'read-back'))
    const [before, after] = [await results(fileForEngine(model), 'float'), await results(fileForEngine(read), 'quantized')]
    if (typeof before === 'string') return not(before)
    if (typeof after === 'string') return not(after)
    const { mismatch, outputs } = compareOutputs(before, after, { graph })
    if (mismatch !== null) return not(mismatch)
    const told = outputs.map(({ name, maxRelative, sqnrDb, cosine, top1 }) => ({ name, maxRelative, sqnrDb, cosine, top1 }))
    return { agreement: { samples: before.length, source: inputs.source, outputs: told }, unknown: [] }
  } catch (error) {
    if (error instanceof InputError) return not(error.message)
    throw error
  }
}

/** Operators on float32 activations of a file that is otherwise in integers, by name. */
function inFloat({ operators, ...graph }: LiteGraph): Record<string, number> {
  const own = operators.filter(({ code, outputs }) => code !== 'DEQUANTIZE' && outputs.some(({ dtype }) => dtype === 'float32'))
  return liteOperators({ ...graph, operators: own })
}

function weightsOf(graph: LiteGraph): LiteQuantizeDocument['weights'] {
  const large = largeConstants(graph)
  const small = large.filter(({ dtype }) => dtype === 'int8' || dtype === 'float16').length
  return { small, float: large.length - small }
}
