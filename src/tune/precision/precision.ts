// The precision of each layer, by measuring: what operators take, which of them together save most, what ranges their values have, and
// how much the outputs change. Layers that cost more accuracy than is allowed are given back, those with the most error for the least
// time first, until the rest holds.
import path from 'node:path'
import { isConstantNode } from '../../graph/constants.ts'
import type { Model } from '../../graph/model.ts'
import type { AllowedLoss } from '../../measure/agreement/index.ts'
import { type CalibrationMethod, type ChannelsOf, calibrate } from '../../measure/calibration/index.ts'
import { withValuesAsOutputs } from '../../measure/calibration/observe.ts'
import { saveInputs } from '../../measure/inputs/saved.ts'
import { median } from '../../measure/statistics.ts'
import type { TypeAsRun } from '../../measure/tasks.ts'
import { runTrial } from '../../measure/trial.ts'
import type {
  ChannelMeans,
  Precision,
  Quantizable,
  QuantizeChoice,
  QuantizeOptions,
  Range,
  ValueTypes,
} from '../../remedies/quantize/choice.ts'
import { quantizable } from '../../remedies/quantize/quantizable.ts'
import { quantize } from '../../remedies/quantize/quantize.ts'
import { type PrecisionMethod, type PrecisionPlan, precisionMethods } from '../../remedies/remedy.ts'
import type { OutputCheck } from '../ground.ts'
import { reasonOf } from '../tried.ts'
import { dynamicLayers, type Layers, type Leaning, leanings, staticLayers, weightLayers } from './choose.ts'
import type { PrecisionGround } from './ground.ts'
import { type Survey, surveyOperators } from './survey.ts'

export interface PrecisionWishes {
  /** The only method; null: those that pay. */
  readonly method: PrecisionMethod | null
  /** Of weights alone; null: 8, and 4 where that is faster still. */
  readonly bits: 8 | 4 | null
  readonly calibration: CalibrationMethod
  /** Whether ranges may be taken from the inputs there are: real ones, or synthetic ones that were allowed. */
  readonly allowStatic: boolean
  readonly options: QuantizeOptions
  readonly maxLoss: AllowedLoss
}

/** What was found of one layer. */
export interface LayerRecord {
  readonly node: string
  /** The node's own name; '' where it has none. */
  readonly name: string
  readonly opType: string
  readonly method: PrecisionMethod
  /** Of the plan. */
  readonly variant: string
  readonly beforeMs: number | null
  readonly afterMs: number | null
  /** Of the worst output with this layer alone quantized, dB; null: not measured. */
  readonly sqnrDb: number | null
  /** Given back for the sake of accuracy. */
  readonly givenBack: boolean
}

export interface PrecisionSearch {
  plan(model: Model, method: PrecisionMethod): Promise<readonly PrecisionPlan[]>
  /** Of all plans, by method and node; the last word on each. */
  records(): readonly LayerRecord[]
  /** Fills in the errors of the layers of what was kept (method to variant), where they were not needed before. */
  measureErrors(kept: ReadonlyMap<PrecisionMethod, string>): Promise<void>
  /** Methods for which nothing is proposed, and why. */
  reasons(): ReadonlyMap<PrecisionMethod, string>
}

/** Calibrating ends after about so long, ms; graphs as they are written take several times as long as optimized ones. */
const CALIBRATION_MS = 12_000
const UNOPTIMIZED = 5
const MOST_CALIBRATION_SAMPLES = 256
/** Errors of single layers are measured on few samples: they only rank. */
const ERROR_SAMPLES = 3
/** Layers that are measured before their neighbours are. */
const SPREAD = 24
const ERRORS_MS = 12_000
/** Where nothing hangs on them but the report. */
const REPORT_ERRORS_MS = 4000
/** Looks at the outputs while layers are given back. */
const MOST_COMPARISONS = 7
/** A saving below this share of a prediction is not worth a change. */
const LEAST_SHARE = 0.01
/** What larger regions may seem to lose, and still be tried. */
const LEANING_SHARE = 0.1

type ChoiceOf = (layers: ReadonlyMap<string, Precision>, corrected: boolean) => QuantizeChoice

interface Held extends Layers {
  /** Biases take back the mean of what rounding costs. */
  readonly corrected: boolean
}

interface Calibrated {
  readonly ranges: ReadonlyMap<string, Range>
  /** Of what static convolutions and products read. */
  readonly means: ReadonlyMap<string, ChannelMeans>
}

const UNCALIBRATED: Calibrated = { ranges: new Map(), means: new Map() }

interface Known {
  readonly prepared: Model
  readonly types: ReadonlyMap<string, TypeAsRun>
  readonly lasting: ValueTypes
  readonly nodes: readonly Quantizable[]
  survey?: Promise<Survey>
  calibrated?: Promise<Calibrated>
}

export function precisionSearch(
  ground: PrecisionGround,
  wishes: PrecisionWishes,
  prepare: (model: Model) => Promise<Model>,
): PrecisionSearch {
  const known = new Map<object, Promise<Known>>()
  const records = new Map<string, LayerRecord>()
  const reasons = new Map<PrecisionMethod, string>()
  const unmeasured = new Map<string, () => Promise<ReadonlyMap<string, number>>>()

  async function learn(model: Model): Promise<Known> {
    ground.onStep('what flows between the operators')
    const prepared = await prepare(model)
    const types = await typesAsRun(ground, prepared)
    // Sizes that were computed hold for this sample alone.
    const lasting = new Map([...types].map(([name, { dtype, shape }]) => [name, { dtype, shape }]))
    return { prepared, types, lasting, nodes: quantizable(prepared, lasting) }
  }

  function knownOf(model: Model): Promise<Known> {
    const found = known.get(model.proto) ?? learn(model)
    known.set(model.proto, found)
    return found
  }

  /** Once for all precisions that may be asked for, so that they are timed beside one another. */
  function surveyOf(of: Known): Promise<Survey> {
    of.survey ??= (() => {
      const wanted = wishes.method === null ? allowed() : precisionsOf(wishes.method, wishes.bits)
      ground.onStep(`operators alone, as float32 and ${wanted.map((one) => WORDS[one]).join(', ')}`)
      return surveyOperators(ground, of.prepared, of.nodes, wanted, wishes.options, of.types)
    })()
    return of.survey
  }

  const allowed = (): Precision[] =>
    precisionMethods.flatMap((method) =>
      method === 'static' && !wishes.allowStatic ? [] : [...precisionsOf(method, wishes.bits)],
    )

  async function plan(model: Model, method: PrecisionMethod): Promise<readonly PrecisionPlan[]> {
    if (wishes.method !== null && wishes.method !== method) return []
    if (method === 'static' && !wishes.allowStatic) {
      reasons.set(method, 'ranges need real inputs: give --data, or --allow-synthetic')
      return []
    }
    const of = await knownOf(model)
    const wanted = precisionsOf(method, wishes.bits)
    if (!of.nodes.some(({ precisions }) => precisions.some((one) => wanted.includes(one)))) {
      reasons.set(method, 'no operator of this model can be so')
      return []
    }
    const survey = await surveyOf(of)
    const choose = (given: ReadonlySet<string>, leaning: Leaning): Layers => {
      if (method === 'static') return staticLayers(of.prepared, of.nodes, survey, given, leaning)
      if (method === 'dynamic') return dynamicLayers(of.nodes, survey, given)
      // What is faster in dynamic int8 is for that.
      const others = new Set(wishes.method === null ? dynamicLayers(of.nodes, survey, given).layers.keys() : [])
      return weightLayers(of.nodes, survey, wanted as readonly ('weights8' | 'weights4')[], new Set([...given, ...others]))
    }
    const found: PrecisionPlan[] = []
    const seen = new Set<string>()
    for (const leaning of method === 'static' ? (Object.keys(leanings) as Leaning[]) : ['' as const]) {
      const first = choose(new Set(), leaning)
      const identity = [...first.layers.keys()].join()
      // A leaning is there for what the times do not show.
      const least = (leaning === '' ? LEAST_SHARE : -LEANING_SHARE) * ground.p50Ms
      if (first.layers.size === 0 || first.savingMs < least || seen.has(identity)) continue
      seen.add(identity)
      if (method === 'static') of.calibrated ??= calibrated(ground, wishes, of)
      const { ranges, means } = (await of.calibrated) ?? UNCALIBRATED
      const { options } = wishes
      const choiceOf: ChoiceOf = (layers, corrected) => ({ layers, ranges, options, ...(corrected ? { means } : {}) })
      const held = await hold(of, method, leaning, survey, (given) => choose(given, leaning), first, choiceOf)
      if (held === null || seen.has(`held ${[...held.layers.keys()].join()}`)) continue
      seen.add(`held ${[...held.layers.keys()].join()}`)
      found.push({
        variant: leaning,
        model: of.prepared,
        types: of.lasting,
        choice: choiceOf(held.layers, held.corrected),
        savingMs: Math.max(0, held.savingMs),
      })
    }
    if (found.length === 0 && !reasons.has(method)) reasons.set(method, 'no operator is faster so')
    if (found.length > 0) reasons.delete(method)
    return found
  }

  /** The layers chosen, less those that are given back; null where nothing is left that gains. */
  async function hold(
    of: Known,
    method: PrecisionMethod,
    leaning: Leaning,
    survey: Survey,
    choose: (given: ReadonlySet<string>) => Layers,
    first: Layers,
    choiceOf: ChoiceOf,
  ): Promise<Held | null> {
    let corrected = false
    const quantized = (layers: ReadonlyMap<string, Precision>): Model =>
      quantize(of.prepared, choiceOf(layers, corrected), of.lasting).model
    const holds = async ({ layers }: Layers): Promise<OutputCheck> => {
      ground.onStep(`comparing outputs with ${layers.size} ${method} layers`)
      return ground.compare(quantized(layers))
    }
    const names = new Map(of.prepared.proto.graph!.node.map(({ name, output }) => [output[0] ?? '', name]))
    const note = (layers: ReadonlyMap<string, Precision>, errors: ReadonlyMap<string, number>) => {
      for (const [node] of first.layers) {
        const times = survey.times.get(node)
        const { opType } = of.nodes.find((one) => one.node === node)!
        const after = times?.other[first.layers.get(node)!]
        const noise = errors.get(node)
        records.set(`${method} ${leaning} ${node}`, {
          node,
          name: names.get(node) ?? '',
          opType,
          method,
          variant: leaning,
          beforeMs: typeof times?.floatMs === 'number' ? times.floatMs : null,
          afterMs: typeof after === 'number' ? after : null,
          sqnrDb: noise === undefined ? null : decibels(noise),
          givenBack: !layers.has(node),
        })
      }
    }
    let whole = await holds(first)
    // Biases that take back the mean of what rounding costs, where that is needed and helps.
    if (!whole.ok && method === 'static') {
      corrected = true
      const again = await holds(first)
      const signal = ({ agreement }: OutputCheck): number => agreement?.sqnrDb ?? Number.NEGATIVE_INFINITY
      if (again.ok || signal(again) > signal(whole)) whole = again
      else corrected = false
    }
    const candidates = [...first.layers.keys()].filter((node) => !of.nodes.find((one) => one.node === node)!.free)
    const alone = (budgetMs: number) => {
      ground.onStep(`the error of ${candidates.length} layers, each alone`)
      return errorsOf(ground, of, candidates, (node) => quantized(new Map([[node, first.layers.get(node)!]])), budgetMs)
    }
    if (whole.ok) {
      note(first.layers, new Map())
      unmeasured.set(`${method} ${leaning}`, () => alone(REPORT_ERRORS_MS))
      return { ...first, corrected }
    }
    const errors = await alone(ERRORS_MS)
    const opTypes = new Map(of.nodes.map(({ node, opType }) => [node, opType]))
    const order = inOrderOfError(candidates, errors, first, survey, (node) => opTypes.get(node)!)
    const given = (count: number): Layers => choose(new Set(order.slice(0, count)))
    // The fewest that must go, by halving: more given back is never worse.
    let [bad, good, best] = [0, order.length, null as Layers | null]
    for (let looks = 0; good - bad > 1 && looks < MOST_COMPARISONS; looks++) {
      // Few layers cause most of the error as a rule.
      const middle = looks < 2 && best === null ? bad + Math.max(1, Math.floor((good - bad) / 4)) : Math.floor((bad + good) / 2)
      const layers = given(middle)
      if (layers.layers.size === 0) good = middle
      else if ((await holds(layers)).ok) [good, best] = [middle, layers]
      else bad = middle
    }
    note(best?.layers ?? new Map(), errors)
    if (best !== null && best.savingMs >= (leaning === '' ? LEAST_SHARE : -LEANING_SHARE) * ground.p50Ms)
      return { ...best, corrected }
    reasons.set(method, `layers that gain change the outputs too much: ${whole.reason}`)
    return null
  }

  async function measureErrors(kept: ReadonlyMap<PrecisionMethod, string>): Promise<void> {
    for (const [method, variant] of kept) {
      const measure = unmeasured.get(`${method} ${variant}`)
      const errors = measure === undefined ? new Map<string, number>() : await measure()
      for (const [key, record] of records) {
        const noise = record.method === method && record.variant === variant ? errors.get(record.node) : undefined
        if (noise !== undefined) records.set(key, { ...record, sqnrDb: decibels(noise) })
      }
    }
  }

  return { plan, records: () => [...records.values()], measureErrors, reasons: () => reasons }
}

const decibels = (noise: number): number | null => (noise > 0 && Number.isFinite(noise) ? -10 * Math.log10(noise) : null)

const WORDS: Readonly<Record<Precision, string>> = {
  float32: 'float',
  dynamic: 'dynamic int8',
  static: 'static int8',
  weights8: 'weights of 8 bits',
  weights4: 'weights of 4 bits',
}

function precisionsOf(method: PrecisionMethod, bits: 8 | 4 | null): readonly Precision[] {
  if (method !== 'weights') return [method]
  return bits === 4 ? ['weights4'] : bits === 8 ? ['weights8'] : ['weights8', 'weights4']
}

/** Types of all values of the main graph. Throws where the engine does not give them. */
export async function typesAsRun(ground: PrecisionGround, model: Model): Promise<ReadonlyMap<string, TypeAsRun>> {
  const made = model.proto.graph!.node.filter((node) => !isConstantNode(node)).flatMap(({ output }) => output)
  const asked = withValuesAsOutputs(model, [...new Set(made.filter((name) => name !== ''))])
  const { file } = await ground.write(asked, path.join(ground.folder, ground.nextName('types')))
  const inputs = saveInputs(path.join(ground.folder, ground.nextName('sample')), ground.samples.slice(0, 1))
  const trial = await runTrial(
    'types',
    { engine: ground.engineId, options: ground.options, inputs, modelFiles: [file] },
    { timeMs: 60_000 + 100 * ground.p50Ms, memoryBytes: ground.limits.memoryBytes, signal: ground.limits.signal },
  )
  if (trial.outcome !== 'measured') throw new Error(`the types of the model's values could not be had: ${reasonOf(trial)}`)
  return new Map(Object.entries(trial.value))
}

/** Operators with weights, and so with a bias that can be corrected. */
const WEIGHTED = new Set(['Conv', 'MatMul', 'Gemm'])

/** Of every value that static layers could read or make; values with NaN or infinity have none. */
async function calibrated(ground: PrecisionGround, wishes: PrecisionWishes, of: Known): Promise<Calibrated> {
  const values = new Set(
    of.nodes.flatMap(({ precisions, parts, activationsIn, activationsOut }) =>
      precisions.includes('static') ? [...activationsIn, ...parts, ...activationsOut] : [],
    ),
  )
  const channels = [...values].flatMap((value): ChannelsOf[] => {
    const readers = of.nodes.filter(({ opType, activationsIn }) => activationsIn[0] === value && WEIGHTED.has(opType))
    const rank = of.types.get(value)?.shape.length ?? 0
    if (readers.length === 0 || rank < 2) return []
    const axis = readers[0]!.opType === 'Conv' ? 1 : rank - 1
    return [{ value, rank, axis, size: of.types.get(value)!.shape[axis]! }]
  })
  const affordable = Math.floor(CALIBRATION_MS / (UNOPTIMIZED * ground.p50Ms))
  const count = Math.min(ground.samples.length, Math.max(8, Math.min(MOST_CALIBRATION_SAMPLES, affordable)))
  // Spread over all of them: data are often sorted by class.
  const samples = Array.from({ length: count }, (_, k) => ground.samples[Math.floor((k * ground.samples.length) / count)]!)
  ground.onStep(`calibrating ${values.size} values on ${count} samples`)
  const folder = path.join(ground.folder, ground.nextName('calibration'))
  const inputs = saveInputs(folder, samples)
  const trial = await calibrate({
    engine: ground.engineId,
    options: ground.options,
    model: of.prepared,
    values: [...values],
    channels,
    methods: [wishes.calibration],
    inputs,
    samples: count,
    types: of.types,
    expectedMs: count * ground.p50Ms,
    limits: ground.limits,
    folder,
    write: ground.write,
  })
  if (trial.outcome !== 'measured') throw new Error(`calibration failed: ${reasonOf(trial)}`)
  const ranges = Object.entries(trial.value.ranges[wishes.calibration] ?? {})
  const axes = new Map(channels.map(({ value, axis }) => [value, axis]))
  const averaged = Object.entries(trial.value.means).filter(([, all]) => all.every(Number.isFinite))
  return {
    ranges: new Map(ranges.filter(([, { low, high }]) => Number.isFinite(low) && Number.isFinite(high))),
    means: new Map(averaged.map(([value, all]) => [value, { axis: axes.get(value)!, means: all }])),
  }
}

/** Noise over signal of the worst output with one layer quantized, by node; a layer that could not be tried counts as the worst. */
async function errorsOf(
  ground: PrecisionGround,
  of: Known,
  nodes: readonly string[],
  alone: (node: string) => Model,
  budgetMs: number,
): Promise<ReadonlyMap<string, number>> {
  const models: { key: string; file: string }[] = []
  const end = ground.nowMs() + budgetMs / 2
  const write = ground.writeVariants(of.prepared, path.join(ground.folder, ground.nextName('layers')))
  const original = await write(of.prepared, 'original')
  // Spread over the model, so that what is cut off is like what is measured.
  const stride = Math.max(1, Math.ceil(nodes.length / SPREAD))
  const order = Array.from({ length: stride }, (_, first) => nodes.filter((_, k) => k % stride === first)).flat()
  for (const [k, node] of order.entries()) {
    if (ground.nowMs() > end) break
    models.push({ key: node, file: await write(alone(node), `layer-${k}`) })
  }
  const inputs = saveInputs(path.join(ground.folder, ground.nextName('samples')), ground.samples.slice(0, ERROR_SAMPLES))
  const trial = await runTrial(
    'layer-errors',
    { engine: ground.engineId, options: ground.options, inputs, original, models, budgetMs },
    { timeMs: 60_000 + 4 * ERRORS_MS, memoryBytes: ground.limits.memoryBytes, signal: ground.limits.signal },
  )
  if (trial.outcome !== 'measured') return new Map()
  return new Map(trial.value.flatMap(({ key, noise }) => (noise === null ? [] : [[key, noise] as const])))
}

/** Most error for the least time first. A layer that was not measured errs as those of its operator do in the middle. */
function inOrderOfError(
  nodes: readonly string[],
  errors: ReadonlyMap<string, number>,
  { layers }: Layers,
  { times }: Survey,
  opTypeOf: (node: string) => string,
): readonly string[] {
  const usual = (opType: string): number => {
    const known = nodes.flatMap((node) => (opTypeOf(node) === opType ? (errors.get(node) ?? []) : []))
    return known.length > 0 ? median(known) : Number.POSITIVE_INFINITY
  }
  const worth = new Map(
    nodes.map((node) => {
      const { floatMs, other } = times.get(node)!
      const after = other[layers.get(node)!]
      const gain = typeof floatMs === 'number' && typeof after === 'number' ? floatMs - after : 0
      return [node, (errors.get(node) ?? usual(opTypeOf(node))) / Math.max(gain, LEAST_GAIN_MS)] as const
    }),
  )
  // Infinity less itself is no order.
  return [...nodes].sort((a, b) => Number(worth.get(b)! > worth.get(a)!) - Number(worth.get(b)! < worth.get(a)!))
}

/** Gains below it are noise, and a layer that gains nothing by itself stands between others that do. */
const LEAST_GAIN_MS = 0.001
