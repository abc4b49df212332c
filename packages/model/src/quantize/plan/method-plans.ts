// The plans of one method on one model: layers are chosen by the measured times, accuracy is restored, and what still saves is proposed.
import type { Model } from '@whyslow/graph/model.ts'
import type { PrecisionMethod, PrecisionPlan } from '../../remedies/kit/remedy.ts'
import type { Quantized } from '../write/choice.ts'
import { quantize } from '../write/quantize.ts'
import type { PrecisionBench } from './bench.ts'
import { dynamicLayers, type Layers, type Leaning, leaningFactors, staticLayers, weightLayers } from './choose.ts'
import { type LayerRecord, layerRecords } from './layer-records.ts'
import { isPossible, isWanted, type LearnedModel, type PrecisionConstraints, precisionsOf } from './learned-model.ts'
import { noisesOf } from './noises.ts'
import type { OperatorBenchmark } from './operator-benchmark.ts'
import type { Recipes } from './recipes.ts'
import { type AccuracyBench, type QuantizationCandidate, restoreAccuracy, spreadOut } from './restore-accuracy.ts'
import { whyNone } from './why-none.ts'

/** The search for precisions: what it stands on, and what it found so far. */
export interface SearchedPrecisions {
  readonly bench: PrecisionBench
  readonly constraints: PrecisionConstraints
  /** What is learned of a model, keyed by what holds its weights. */
  readonly learned: (model: Model) => Promise<LearnedModel>
  /** The last word on each layer, by plan and node. */
  readonly records: Map<string, LayerRecord>
  /** Methods for which nothing is proposed, and why. */
  readonly reasons: Map<PrecisionMethod, string>
  /** What measures the errors of each plan's layers if they were not needed; keyed by plan. */
  readonly unmeasured: Map<string, () => Promise<ReadonlyMap<string, number>>>
  /** What restoring accuracy took so far, ms. */
  restoringMs: number
}

/** Share of the budget that restoring accuracy may take, over all methods. */
const RESTORING_SHARE = 0.5
const ERRORS_MS = 4000
/** A saving below this share of a prediction is not worth a change. */
const LEAST_SHARE = 0.01
/** What larger regions may seem to lose, and still be tried. */
const LEANING_SHARE = 0.1

export interface MethodOnModel {
  readonly method: PrecisionMethod
  readonly learned: LearnedModel
  readonly benchmark: OperatorBenchmark
  /** Layers that were tried, and those that were left of them. */
  readonly seen: Set<string>
  /** The recipe that did best for the regions before; null: none was tried. */
  settled: string | null
}

export const planId = ({ method, variant }: Pick<LayerRecord, 'method' | 'variant'>): string => `${method} ${variant}`

export async function planMethod(
  search: SearchedPrecisions,
  model: Model,
  method: PrecisionMethod,
): Promise<readonly PrecisionPlan[]> {
  const { constraints, reasons } = search
  if (!isWanted(constraints, method)) return []
  if (!isPossible(constraints, method)) {
    reasons.set(method, constraints.whyNotStatic ?? 'ranges need real inputs: give --data, or --allow-synthetic')
    return []
  }
  const learned = await search.learned(model)
  const precisions = precisionsOf(method, constraints.bits)
  if (!learned.nodes.some((node) => node.precisions.some((one) => precisions.includes(one)))) {
    reasons.set(method, 'no operator of this model can be quantized this way')
    return []
  }
  const on: MethodOnModel = { method, learned, benchmark: await learned.benchmark(), seen: new Set(), settled: null }
  const found: PrecisionPlan[] = []
  for (const leaning of method === 'static' ? (Object.keys(leaningFactors) as Leaning[]) : ['' as const]) {
    const plan = await planLayers(search, on, leaning)
    if (plan !== null) found.push(plan)
  }
  if (found.length > 0) reasons.delete(method)
  else if (!reasons.has(method)) reasons.set(method, whyNone(method, precisions, learned, on.benchmark))
  return found
}

/** null if too little is saved, or nothing that was not tried before. */
async function planLayers(search: SearchedPrecisions, on: MethodOnModel, variant: Leaning): Promise<PrecisionPlan | null> {
  const { bench, records, reasons } = search
  const { method, learned, benchmark } = on
  const choose = (inFloat: ReadonlySet<string>) => chooseLayers(search, on, variant, inFloat)
  const chosen = choose(new Set())
  // A leaning is there for what the times do not show.
  const leastMs = (variant === '' ? LEAST_SHARE : -LEANING_SHARE) * bench.p50Ms
  if (chosen.layers.size === 0 || chosen.savingMs < leastMs || !isNew(on.seen, idOf(chosen))) return null
  const recipes = await learned.recipes(method)
  const writer = quantizer(search, learned, recipes)
  const accuracy = accuracyBench(search, on, recipes, writer)
  const nodes = gainsOf(on, chosen)
  const startMs = bench.nowMs()
  const first = on.settled ?? recipes.first
  const restored = await restoreAccuracy(accuracy, { first, chosen, choose, nodes, errors: learned.errors })
  search.restoringMs += bench.nowMs() - startMs
  on.settled = restored.recipe
  const { recipe, errors } = restored
  // What is left of a leaning has to gain by the times.
  const worthMs = restored.layers === chosen ? leastMs : LEAST_SHARE * bench.p50Ms
  const layers = restored.layers !== null && restored.layers.savingMs >= worthMs ? restored.layers : null
  for (const record of layerRecords(learned, benchmark, chosen, { method, variant, layers, errors }))
    records.set(`${planId(record)} ${record.node}`, record)
  if (layers === null) {
    reasons.set(method, restored.reason ?? reasons.get(method) ?? 'what can be kept gains nothing')
    return null
  }
  if (errors.size === 0) {
    const singles = spreadOut(nodes).map(({ node }) => ({ recipe, layers: new Map([[node, chosen.layers.get(node)!]]) }))
    search.unmeasured.set(planId({ method, variant }), () => errorsOf(bench, accuracy, singles))
  }
  if (!isNew(on.seen, `restored ${idOf(layers)}`)) return null
  const quantized = writer.write({ recipe, layers: layers.layers })
  return { variant, quantized, savingMs: Math.max(0, layers.savingMs) }
}

const idOf = ({ layers }: Layers): string => [...layers.keys()].join()

function isNew(seen: Set<string>, id: string): boolean {
  const known = seen.has(id)
  seen.add(id)
  return !known
}

function chooseLayers(
  { constraints }: SearchedPrecisions,
  { method, learned, benchmark }: MethodOnModel,
  leaning: Leaning,
  inFloat: ReadonlySet<string>,
): Layers {
  const benchmarked = { ...learned, benchmark }
  if (method === 'static') return staticLayers(benchmarked, inFloat, leaning)
  if (method === 'dynamic') return dynamicLayers(benchmarked, inFloat)
  // What is faster in dynamic int8 is for that.
  const others = constraints.method === null ? dynamicLayers(benchmarked, inFloat).layers.keys() : []
  const widths = precisionsOf('weights', constraints.bits) as readonly ('weights8' | 'weights4')[]
  return weightLayers(benchmarked, widths, new Set([...inFloat, ...others]))
}

/** Layers that may fall back to float, and what each saves by itself. */
function gainsOf({ learned, benchmark: { times } }: MethodOnModel, { layers }: Layers) {
  return learned.nodes.flatMap(({ node, opType, movesData }) => {
    const precision = layers.get(node)
    if (precision === undefined || movesData) return []
    const { floatMs, other } = times.get(node)!
    const after = other[precision]
    return [{ node, opType, gainMs: typeof floatMs === 'number' && typeof after === 'number' ? floatMs - after : 0 }]
  })
}

export interface Quantizer {
  write(candidate: QuantizationCandidate): Quantized
  keep(candidate: QuantizationCandidate, quantized: Quantized): void
}

/** Quantizes candidates, and keeps the last one that was accurate: it is what is proposed, and its outputs need no second comparison. */
export function quantizer({ constraints }: SearchedPrecisions, { lasting }: LearnedModel, recipes: Recipes): Quantizer {
  let kept: { readonly id: string; readonly quantized: Quantized } | undefined
  const idOf = ({ recipe, layers }: QuantizationCandidate): string => `${recipe} ${[...layers].join()}`
  return {
    write(candidate) {
      if (kept?.id === idOf(candidate)) return kept.quantized
      const { model, ranges, means } = recipes.of(candidate.recipe)
      const { options } = constraints
      return quantize(model, { layers: candidate.layers, ranges, options, ...(means && { means }) }, lasting)
    },
    keep(candidate, quantized) {
      kept = { id: idOf(candidate), quantized }
    },
  }
}

export function accuracyBench(
  { bench, constraints, restoringMs }: SearchedPrecisions,
  { method, learned, settled }: MethodOnModel,
  recipes: Recipes,
  writer: Quantizer,
): AccuracyBench {
  const startMs = bench.nowMs()
  return {
    check: async (candidate) => {
      bench.onStep(`comparing outputs with ${candidate.layers.size} ${method} layers, ${candidate.recipe}`)
      const quantized = writer.write(candidate)
      const check = await bench.compare(quantized.model)
      if (check.ok) writer.keep(candidate, quantized)
      return check
    },
    noises: (candidates, budgetMs) => {
      bench.onStep(`the error of ${candidates.length} ways to quantize`)
      const makers = candidates.map((one) => () => writer.write(one).model)
      return noisesOf(bench, learned.model, makers, budgetMs)
    },
    // What did best for smaller regions is what larger ones get.
    others: async () => (settled === null ? recipes.others() : []),
    leftMs: () => RESTORING_SHARE * constraints.budgetMs - restoringMs - (bench.nowMs() - startMs),
  }
}

/** Errors of layers that are each quantized alone, keyed by node. */
async function errorsOf(
  bench: PrecisionBench,
  accuracy: AccuracyBench,
  singles: readonly QuantizationCandidate[],
): Promise<ReadonlyMap<string, number>> {
  bench.onStep(`the error of ${singles.length} layers, each alone`)
  const noises = await accuracy.noises(singles, ERRORS_MS)
  return new Map(noises.flatMap((noise, k) => (noise === null ? [] : [[[...singles[k]!.layers.keys()][0]!, noise]])))
}
