// What int8 would save of a model: its layers alone in float32 and in int8, and the conversions at the borders of int8, timed as `quantize` times
// them; the layers that it would choose save this much, conversions taken off.
import { firstLineOf } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { Int8Experiment } from '@whyslow/measure/timing/operators/types.ts'
import type { ProfiledNode } from '@whyslow/measure/timing/types.ts'
import type { AnalyzedEvidence } from '../../analyze/analyzed-evidence.ts'
import type { PrecisionBench } from '../../quantize/plan/bench.ts'
import { type BenchmarkedModel, dynamicLayers, type Layers, staticLayers, weightLayers } from '../../quantize/plan/choose.ts'
import { benchmarkOperators } from '../../quantize/plan/operator-benchmark.ts'
import { prepareModel } from '../../quantize/plan/prepare.ts'
import { typesAsRun } from '../../quantize/plan/types-as-run.ts'
import { optionsFor } from '../../quantize/write/choice.ts'
import { quantizable } from '../../quantize/write/quantizable.ts'
import type { RemedyEvidence } from '../../remedies/kit/remedy.ts'

export interface Int8Plan {
  readonly bench: Omit<PrecisionBench, 'writeVariants' | 'compare' | 'nowMs' | 'onStep'>
  readonly model: Model
  readonly evidence: AnalyzedEvidence
  readonly facts: RemedyEvidence
  /** Time for the timing, ms. */
  readonly budgetMs: number
}

const PRECISIONS = ['static', 'dynamic', 'weights8'] as const

/** Below a quarter of the p50 there is little that int8 could take over. */
const MIN_SHARE = 0.25
/** Predictions of each model in a round, and before them. */
const LEAST = { warmup: 1, samples: 2 } as const
/** Float operators that a distinct layer takes as long as: alone, twice next to itself, in three precisions that are hardly longer. */
const MODELS_A_LAYER = 5

const NO_TIME = 'there was no time to time its kernels in int8'

/** Whether the arithmetic is faster in int8 here, and there is enough of it in float32. */
export function isWorthInt8({ roofs, costs, latency }: AnalyzedEvidence): boolean {
  const { int8 = 0, float32 = 0 } = roofs?.flopsPerSecond ?? {}
  const heavy = (costs?.nodes ?? []).filter(({ cost }) => cost !== undefined && cost.macs > 0 && cost.arithmetic === 'float32')
  return int8 > float32 && heavy.reduce((sum, { timeMs }) => sum + timeMs, 0) >= MIN_SHARE * (latency?.p50Ms ?? 0)
}

/** Never throws: what cannot be timed says why. */
export async function wholeInInt8(plan: Int8Plan): Promise<Int8Experiment> {
  const { bench, evidence, facts, budgetMs } = plan
  if (roundMs(evidence) > budgetMs) return { reason: NO_TIME }
  try {
    const setup = { model: plan.model, options: bench.options, batchFactor: 1, machineBound: false }
    const optimize = () => Promise.reject(new Error('the engine is not asked here'))
    const model = await prepareModel(plan.model, setup, facts, { optimize })
    const types = await typesAsRun(bench, model)
    const nodes = quantizable(model, types)
    const wanted = { model, nodes, types, precisions: PRECISIONS, options: optionsFor(evidence.machine!) }
    const benchmark = await benchmarkOperators(bench, wanted, budgetMs, LEAST)
    return { nodes: savingsByNode({ model, nodes, benchmark }, evidence.profile!.nodes) }
  } catch (error) {
    return { reason: firstLineOf(error) }
  }
}

/** At least what one round takes, ms: products that are alike are timed once. */
function roundMs({ profile, costs }: AnalyzedEvidence): number {
  const distinct = new Map<string, number>()
  for (const [i, { opType, inputTypes, outputTypes, runsPerPrediction, timeMs }] of (profile?.nodes ?? []).entries()) {
    if ((costs?.nodes[i]?.cost?.macs ?? 0) === 0 || runsPerPrediction === 0) continue
    distinct.set(JSON.stringify([opType, inputTypes, outputTypes]), timeMs / runsPerPrediction)
  }
  const onceMs = [...distinct.values()].reduce((sum, ms) => sum + ms, 0)
  return MODELS_A_LAYER * (LEAST.warmup + LEAST.samples) * onceMs
}

/** Every layer that was timed in int8, as the nodes that ran; of the precision that saves most. */
function savingsByNode(benchmarked: BenchmarkedModel, ran: readonly ProfiledNode[]) {
  const { model, nodes, benchmark } = benchmarked
  const none: ReadonlySet<string> = new Set()
  const choices: readonly Layers[] = [
    staticLayers(benchmarked, none),
    dynamicLayers(benchmarked, none),
    weightLayers(benchmarked, ['weights8'], none),
  ]
  const { layers, savingMs } = choices.reduce((best, one) => (one.savingMs > best.savingMs ? one : best))
  const nameOf = new Map(model.proto.graph!.node.map(({ name, output }) => [output[0], name || output[0]!]))
  const timed = nodes.flatMap(({ node, parts, movesData }) => {
    const { floatMs, other } = benchmark.times.get(node) ?? { floatMs: '', other: {} }
    const isTimed = typeof floatMs === 'number' && Object.values(other).some((ms) => typeof ms === 'number')
    if (movesData || !isTimed) return []
    const names = new Set(parts.map((part) => nameOf.get(part)))
    const executed = ran.filter(({ origin }) => origin.some((name) => names.has(name)))
    const after = other[layers.get(node) ?? 'float32']
    return [{ executed, floatMs, gainMs: typeof after === 'number' ? Math.max(0, floatMs - after) : 0 }]
  })
  const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0)
  const insideMs = sum([...new Set(timed.flatMap(({ executed }) => executed))].map(({ timeMs }) => timeMs))
  const aloneMs = sum(timed.map(({ floatMs }) => floatMs))
  const gainsMs = sum(timed.map(({ gainMs }) => gainMs))
  // Alone they were timed in another state of the machine than within the model, and conversions are nobody's own.
  const scale = aloneMs > 0 && gainsMs > 0 ? (Math.max(0, savingMs) / gainsMs) * (insideMs / aloneMs) : 0
  const found = new Map<string, number>()
  for (const { executed, gainMs } of timed)
    for (const { name } of executed) found.set(name, (found.get(name) ?? 0) + (gainMs * scale) / executed.length)
  return [...found].map(([name, savesMs]) => ({ name, savesMs }))
}
