// The precision of each layer, by measuring: what operators take, which of them together save most, what ranges their values have, and
// how much the outputs change.
import type { Model } from '../../graph/model.ts'
import type { TypeAsRun } from '../../measure/outputs/types-task.ts'
import { type PrecisionMethod, type PrecisionPlan, precisionMethods } from '../../rewrite/remedy.ts'
import type { CalibrationMethod } from '../calibrate/index.ts'
import type { Precision, Quantizable, Quantized, QuantizeOptions, ValueTypes } from '../write/choice.ts'
import { quantizable } from '../write/quantizable.ts'
import { quantize } from '../write/quantize.ts'
import type { PrecisionBench } from './bench.ts'
import { dynamicLayers, type Layers, type Leaning, leanings, staticLayers, weightLayers } from './choose.ts'
import { type AccuracyBench, type Candidate, hold, type Outcome, spread } from './hold.ts'
import { noisesOf } from './noises.ts'
import { type Survey, surveyOperators } from './survey.ts'
import { type Treatments, treatmentsOf } from './treatments.ts'
import { typesAsRun } from './types-as-run.ts'

export interface PrecisionWishes {
  /** The only method; null: those that pay. */
  readonly method: PrecisionMethod | null
  /** Of weights alone; null: 8, and 4 where that is faster still. */
  readonly bits: 8 | 4 | null
  /** null: minmax, and others where that misses. */
  readonly calibration: CalibrationMethod | null
  /** Whether ranges may be taken from the inputs there are: real ones, or synthetic ones that were allowed. */
  readonly allowStatic: boolean
  readonly options: QuantizeOptions
  /** Of the whole search, ms. */
  readonly budgetMs: number
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

/** Of the budget: what timing operators alone may take, and keeping the outputs good enough, over all methods. */
const SURVEY_SHARE = 0.25
const HOLD_SHARE = 0.5
const ERRORS_MS = 4000
/** A saving below this share of a prediction is not worth a change. */
const LEAST_SHARE = 0.01
/** What larger regions may seem to lose, and still be tried. */
const LEANING_SHARE = 0.1

interface Known {
  readonly prepared: Model
  readonly types: ReadonlyMap<string, TypeAsRun>
  readonly lasting: ValueTypes
  readonly nodes: readonly Quantizable[]
  readonly treatments: Map<PrecisionMethod, Promise<Treatments>>
  /** Of single layers, by treatment and layer. */
  readonly errors: Map<string, number>
  survey?: Promise<Survey>
}

export function precisionSearch(
  bench: PrecisionBench,
  wishes: PrecisionWishes,
  prepare: (model: Model) => Promise<Model>,
): PrecisionSearch {
  const known = new Map<object, Promise<Known>>()
  const records = new Map<string, LayerRecord>()
  const reasons = new Map<PrecisionMethod, string>()
  const unmeasured = new Map<string, () => Promise<ReadonlyMap<string, number>>>()
  let heldMs = 0

  async function learn(model: Model): Promise<Known> {
    bench.onStep('what flows between the operators')
    const prepared = await prepare(model)
    const types = await typesAsRun(bench, prepared)
    // Sizes that were computed hold for this sample alone.
    const lasting = new Map([...types].map(([name, { dtype, shape }]) => [name, { dtype, shape }]))
    return { prepared, types, lasting, nodes: quantizable(prepared, lasting), treatments: new Map(), errors: new Map() }
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
      bench.onStep(`operators alone, as float32 and ${wanted.map((one) => WORDS[one]).join(', ')}`)
      const budgetMs = SURVEY_SHARE * wishes.budgetMs
      return surveyOperators(bench, of.prepared, of.nodes, wanted, wishes.options, of.types, budgetMs)
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
    let treatment: string | null = null
    for (const leaning of method === 'static' ? (Object.keys(leanings) as Leaning[]) : ['' as const]) {
      const chosen = choose(new Set(), leaning)
      // A leaning is there for what the times do not show.
      const leastMs = (leaning === '' ? LEAST_SHARE : -LEANING_SHARE) * bench.p50Ms
      if (chosen.layers.size === 0 || chosen.savingMs < leastMs || seen.has(idOf(chosen))) continue
      seen.add(idOf(chosen))
      const treatments = of.treatments.get(method) ?? treatmentsOf(bench, wishes, of, method)
      of.treatments.set(method, treatments)
      const writer = writerOf(of, await treatments)
      // What did best for smaller regions is what larger ones get.
      const on = accuracyBench(of, method, await treatments, writer, treatment !== null)
      const gains = nodesOf(of, survey, chosen)
      const start = bench.nowMs()
      const first = treatment ?? (await treatments).first
      const outcome = await hold(on, {
        first,
        chosen,
        choose: (given) => choose(given, leaning),
        nodes: gains,
        errors: of.errors,
      })
      heldMs += bench.nowMs() - start
      treatment = outcome.treatment
      note(of, method, leaning, survey, chosen, outcome)
      const { layers } = outcome
      if (layers === null || layers.savingMs < leastMs) {
        reasons.set(method, outcome.reason ?? 'what can be kept gains nothing')
        continue
      }
      if (outcome.errors.size === 0) {
        const candidates = spread(gains).map(({ node }) => aloneOf(outcome.treatment, chosen, node))
        unmeasured.set(`${method} ${leaning}`, async () => {
          bench.onStep(`the error of ${candidates.length} layers, each alone`)
          const noises = await on.noises(candidates, ERRORS_MS)
          return new Map(noises.flatMap((noise, k) => (noise === null ? [] : [[[...candidates[k]!.layers.keys()][0]!, noise]])))
        })
      }
      if (seen.has(`held ${idOf(layers)}`)) continue
      seen.add(`held ${idOf(layers)}`)
      const quantized = writer.write({ treatment: outcome.treatment, layers: layers.layers })
      found.push({ variant: leaning, quantized, savingMs: Math.max(0, layers.savingMs) })
    }
    if (found.length === 0 && !reasons.has(method)) reasons.set(method, 'no operator is faster so')
    if (found.length > 0) reasons.delete(method)
    return found
  }

  /** Quantizes for candidates, and keeps the last one that held: it is what is proposed, and its outputs need no second comparison. */
  function writerOf(of: Known, treatments: Treatments) {
    let held: { readonly id: string; readonly quantized: Quantized } | undefined
    const idOf = ({ treatment, layers }: Candidate): string => `${treatment} ${[...layers].join()}`
    return {
      write(candidate: Candidate): Quantized {
        if (held?.id === idOf(candidate)) return held.quantized
        const { model, ranges, means } = treatments.of(candidate.treatment)
        const choice = { layers: candidate.layers, ranges, options: wishes.options, ...(means === undefined ? {} : { means }) }
        return quantize(model, choice, of.lasting)
      },
      keep(candidate: Candidate, quantized: Quantized): void {
        held = { id: idOf(candidate), quantized }
      },
    }
  }

  function accuracyBench(
    of: Known,
    method: PrecisionMethod,
    treatments: Treatments,
    writer: ReturnType<typeof writerOf>,
    settled: boolean,
  ): AccuracyBench {
    const start = bench.nowMs()
    return {
      check: async (candidate) => {
        bench.onStep(`comparing outputs with ${candidate.layers.size} ${method} layers, ${candidate.treatment}`)
        const quantized = writer.write(candidate)
        const check = await bench.compare(quantized.model)
        if (check.ok) writer.keep(candidate, quantized)
        return check
      },
      noises: (candidates, budgetMs) => {
        bench.onStep(`the error of ${candidates.length} ways to quantize`)
        return noisesOf(
          bench,
          of.prepared,
          candidates.map((one) => () => writer.write(one).model),
          budgetMs,
        )
      },
      others: async () => (settled ? [] : await treatments.others()),
      leftMs: () => HOLD_SHARE * wishes.budgetMs - heldMs - (bench.nowMs() - start),
    }
  }

  function nodesOf(of: Known, { times }: Survey, { layers }: Layers) {
    return of.nodes.flatMap(({ node, opType, free }) => {
      const precision = layers.get(node)
      if (precision === undefined || free) return []
      const { floatMs, other } = times.get(node)!
      const after = other[precision]
      return [{ node, opType, gainMs: typeof floatMs === 'number' && typeof after === 'number' ? floatMs - after : 0 }]
    })
  }

  function note(
    of: Known,
    method: PrecisionMethod,
    variant: Leaning,
    survey: Survey,
    chosen: Layers,
    { layers, errors }: Outcome,
  ): void {
    const names = new Map(of.prepared.proto.graph!.node.map(({ name, output }) => [output[0] ?? '', name]))
    for (const { node, opType } of of.nodes.filter((one) => chosen.layers.has(one.node))) {
      const times = survey.times.get(node)
      const after = times?.other[chosen.layers.get(node)!]
      const noise = errors.get(node)
      records.set(`${method} ${variant} ${node}`, {
        node,
        name: names.get(node) ?? '',
        opType,
        method,
        variant,
        beforeMs: typeof times?.floatMs === 'number' ? times.floatMs : null,
        afterMs: typeof after === 'number' ? after : null,
        sqnrDb: noise === undefined ? null : decibels(noise),
        givenBack: !(layers?.layers.has(node) ?? false),
      })
    }
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

const idOf = ({ layers }: Layers): string => [...layers.keys()].join()

const aloneOf = (treatment: string, { layers }: Layers, node: string): Candidate => ({
  treatment,
  layers: new Map([[node, layers.get(node)!]]),
})
