// The inputs of a measurement: the user's own, else synthetic ones of a shape that the engine was seen to accept.
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { fileForEngine, type Model, tabularOf } from '@whyslow/graph/model.ts'
import type { DType, GraphView } from '@whyslow/graph/types.ts'
import { nodesOf } from '@whyslow/graph/walk.ts'
import { offersOf } from './engines/index.ts'
import { engineWords } from './engines/onnxruntime/facts/error-words.ts'
import type { EngineOptions, Feeds, TensorValue } from './engines/types.ts'
import { knownValuesOf } from './known-values.ts'
import { findWorkingInputs } from './samples/find-working.ts'
import { formatShape, shorten } from './samples/flags.ts'
import { ownPictures } from './samples/metadata/own-pictures.ts'
import { pictureNumbers } from './samples/picture-numbers.ts'
import { DEFAULT_LIMIT, readData } from './samples/read-data.ts'
import { resolveInputs } from './samples/resolve.ts'
import type { ResolvedInput } from './samples/resolved.ts'
import { saveInputs } from './samples/saved.ts'
import { pixelsIn, synthesize, withLikeness } from './samples/synthetic.ts'
import { type Limits, tryLimits } from './trials/limits.ts'
import { type ModelTask, modelTask } from './trials/model-task.ts'
import { type RunTrial, reasonOf } from './trials/port.ts'
import { type FirstLook, type TryOutput, tryTask } from './try-once.ts'

export interface InputConstraints {
  readonly run: RunTrial
  readonly shapes: ReadonlyMap<string, readonly number[]>
  readonly values: ReadonlyMap<string, string>
  readonly data: string | null
  readonly labels: string | null
  /** What the bytes of images become, as --image-preprocessing says it. */
  readonly pictures: string | null
  readonly batch: number | null
  readonly saveInputs: string | null
  readonly engine: string
  readonly engineOptions: EngineOptions
  /** A temporary folder of the run. */
  readonly folder: string
  readonly limits: Limits
}

export interface ChosenInputs {
  readonly resolved: readonly ResolvedInput[]
  /** Path of the inputs.json that the trials read. */
  readonly saved: string
  readonly source: 'data' | 'synthetic'
  readonly samples: readonly Feeds[]
  /** Per sample, the labels of its rows; null if the data has none. */
  readonly labels: readonly TensorValue[] | null
  readonly outputs: TryOutput['outputs']
  readonly firstLook: FirstLook
  /** Threads of the engine's pool with these options. */
  readonly threadsInUse: number
  readonly warnings: readonly string[]
}

/** Throws InputError if the data do not fit, if no guess lets the engine run, or if the engine refuses the model. */
export async function chooseInputs(model: Model, graph: GraphView, given: InputConstraints): Promise<ChosenInputs> {
  const constraints = withExample(model, given)
  const { shapes, values, batch, folder } = constraints
  const known = constraints.data === null ? { known: () => knownValuesOf(model, graph) } : {}
  const flags = { shapes, values, batch, limitBytes: constraints.limits.memoryBytes, ...known }
  const last: { output?: TryOutput; samples?: readonly Feeds[] } = {}
  const attempt = async (samples: readonly Feeds[]) => {
    const task = modelTask(
      constraints.engine,
      fileForEngine(model),
      constraints.engineOptions,
      saveInputs(path.join(folder, 'inputs'), samples),
    )
    const result = await tryModel(model, task, constraints)
    if (result.ok) Object.assign(last, { output: result.output, samples })
    return result
  }

  let samples: readonly Feeds[]
  let resolved: readonly ResolvedInput[]
  let labels: readonly TensorValue[] | null = null
  let note: string | undefined
  if (constraints.data !== null) {
    const base = resolveInputs(graph.inputs, graph, flags)
    const allowNaN = takesNaN(model)
    const read = readData(constraints.data, base.inputs, {
      batch,
      labelsName: constraints.labels,
      limit: DEFAULT_LIMIT,
      allowNaN,
      pictures: pictureNumbers(model.source.file, constraints.pictures, () => ownPictures(model)),
    })
    samples = read.samples
    resolved = read.inputs
    labels = read.labels ?? null
    note = read.note
    const result = await attempt(samples)
    if (!result.ok) throw refused(constraints.data, resolved, result.message)
  } else {
    const withPixels = pixelsIn(
      model,
      pictureNumbers(model.source.file, constraints.pictures, () => ownPictures(model)),
    )
    const working = await findWorkingInputs(graph.inputs, graph, flags, ({ inputs }) =>
      attempt(synthesize(withPixels(inputs), graph)),
    )
    resolved = withLikeness(withPixels(working.inputs), graph)
    samples = last.samples!
  }
  if (constraints.saveInputs !== null) saveInputs(constraints.saveInputs, samples)
  const { outputs, poolThreads, loadMs, predictionMs } = last.output!
  return {
    resolved,
    saved: path.join(folder, 'inputs', 'inputs.json'),
    source: constraints.data === null ? 'synthetic' : 'data',
    samples,
    labels,
    outputs,
    firstLook: { loadMs, predictionMs },
    threadsInUse: threadsAsked(constraints) || poolThreads || 1,
    warnings: [
      ...(tabularOf(model)?.notes ?? []),
      ...(note === undefined ? [] : [note]),
      ...warningsOf(outputs, constraints.data === null),
    ],
  }
}

/** Sizes that the model leaves open may still not fit each other. */
function refused(data: string, inputs: readonly ResolvedInput[], message: string): InputError {
  const fed = inputs.slice(0, 3).map(({ name, shape }) => `${name} ${formatShape(shape)}`)
  const next = `it was given ${fed.join(', ')}; give other sizes, or leave --data out to see sizes that it takes`
  return new InputError(`${data}: the engine refuses these inputs: ${shorten(engineWords(message), 200)}; ${next}`)
}

/** Inputs that the model's source has as an example, where the user names neither inputs nor shapes. */
function withExample({ example }: Model, given: InputConstraints): InputConstraints {
  const { data, shapes, values, batch } = given
  const isFree = data === null && shapes.size === 0 && values.size === 0 && batch === null
  return example === undefined || !isFree ? given : { ...given, data: example }
}

/** null if nothing was asked, and of an engine that takes no thread count. */
const threadsAsked = ({ engine, engineOptions }: InputConstraints): number | null => {
  const offers = offersOf(engine)
  return offers.includes('threads') || offers.includes('process-threads') ? engineOptions.threads : null
}

/** Trees send a missing value its own way, and some graphs look for NaN themselves; to any other model it is a mistake in the data. */
const TAKE_NAN = new Set(['TreeEnsembleClassifier', 'TreeEnsembleRegressor', 'TreeEnsemble', 'Imputer', 'IsNaN'])

/** True where NaN in an input can be meant. */
export const takesNaN = ({ proto }: Model): boolean => nodesOf(proto).some(({ opType }) => TAKE_NAN.has(opType))

/** What a report says of the inputs. */
export function inputFacts({ resolved, source }: ChosenInputs) {
  return resolved.map(({ name, dtype, shape, assumed, freeAxes, values, likeness }) => ({
    name,
    dtype: dtype as DType,
    shape,
    assumed: assumed.map(({ text, flag }) => `${text}, change with ${flag}`),
    assumptions: assumed,
    source: values ? ('data' as const) : source,
    freeAxes: freeAxes.map(({ axis, symbol }) => ({ axis, symbol: symbol ?? '' })),
    ...(likeness === undefined || values || source === 'data' ? {} : { likeness }),
  }))
}

type Tried = { readonly ok: true; readonly output: TryOutput } | { readonly ok: false; readonly message: string }

/** A refusal is a value; a crash, a hang or too much memory is about the model and ends the search. */
async function tryModel({ source }: Model, task: ModelTask, { run, limits }: InputConstraints): Promise<Tried> {
  const trial = await run(tryTask, task, tryLimits(limits))
  if (trial.outcome === 'measured') return { ok: true, output: trial.value }
  if (trial.outcome === 'failed') return { ok: false, message: trial.reason }
  const what =
    trial.outcome === 'timed-out'
      ? `its first prediction does not end within ${trial.limitMs / 1000} s; try a smaller --shape or fewer --threads`
      : `${reasonOf(trial)}; try a smaller --shape, other --data or another version of the engine (--ort folder)`
  throw new InputError(`${source.file} cannot run: ${what}`)
}

function warningsOf(outputs: TryOutput['outputs'], synthetic: boolean): string[] {
  const warnings: string[] = []
  const infinite = outputs.filter(({ finite }) => !finite).map(({ name }) => `'${name}'`)
  const others = outputs.filter(({ type }) => type === null).map(({ name }) => `'${name}'`)
  if (infinite.length > 0) {
    const why = synthetic
      ? 'made-up inputs can do that to a model that is fine: give your own with --data'
      : 'look at the inputs and the weights'
    warnings.push(`the output ${infinite.join(', ')} holds NaN or infinity; ${why}`)
  }
  if (others.length > 0) {
    warnings.push(
      `the output ${others.join(', ')} is not a tensor (a ZipMap's map, a sequence) and was not fetched; the latency is without it`,
    )
  }
  return warnings
}
