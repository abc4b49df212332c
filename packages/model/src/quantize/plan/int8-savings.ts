// What int8 would save of a model, before anything is quantized: its layers alone in float32 and in int8, and the conversions at the borders of int8,
// timed for the search for precisions; the layers that it would choose save this much, conversions taken off.
import type { Model } from '@whyslow/graph/model.ts'
import { medianOrNull } from '@whyslow/measure/statistics/index.ts'
import type { OperatorTimesInput } from '@whyslow/measure/timing/operators/task.ts'
import type { ProfiledNode } from '@whyslow/measure/timing/types.ts'
import type { RemedyEvidence } from '../../remedies/kit/remedy.ts'
import { optionsFor } from '../write/choice.ts'
import { quantizableNodes } from '../write/quantizable.ts'
import type { PrecisionBench } from './bench.ts'
import { type BenchmarkedModel, dynamicLayers, type Layers, staticLayers, weightLayers } from './choose.ts'
import { benchmarkOperators, type OperatorBenchmark } from './operator-benchmark.ts'
import { prepareModel } from './prepare.ts'
import { typesAsRun } from './types-as-run.ts'

export interface Int8Plan {
  readonly bench: Omit<PrecisionBench, 'writeVariants' | 'compare' | 'nowMs' | 'onStep'>
  readonly model: Model
  readonly computer: Parameters<typeof optionsFor>[0]
  /** The nodes that ran, with their times. */
  readonly ran: readonly ProfiledNode[]
  readonly facts: RemedyEvidence
  /** Time for the timing, ms. */
  readonly budgetMs: number
  /** Predictions of each small model in a round. */
  readonly least: OperatorTimesInput['least']
}

/** An executed node whose layer was timed, and what it saves, ms a prediction; 0: it is better left in float32. */
export interface NodeInInt8 {
  readonly name: string
  readonly savesMs: number
}

/** Time in int8 over what was measured, at which a layer must still be faster to be chosen. */
const DOUBT = 1.15

/** Layers whose multiply-adds int8 does, and which the whole saving is said of. */
const PRODUCTS = new Set(['Conv', 'MatMul', 'Gemm', 'LSTM', 'Attention'])

const PRECISIONS = ['static', 'dynamic', 'weights8'] as const

/** Throws if the model's types cannot be had, or no small model can be written. */
export async function int8Savings({
  bench,
  computer,
  ran,
  facts,
  budgetMs,
  least,
  ...given
}: Int8Plan): Promise<readonly NodeInInt8[]> {
  const setup = { model: given.model, options: bench.options, batchFactor: 1, machineBound: false }
  const optimize = () => Promise.reject(new Error('the engine is not asked here'))
  const model = await prepareModel(given.model, setup, facts, { optimize })
  const types = await typesAsRun(bench, model)
  const nodes = quantizableNodes(model, types)
  const wanted = { model, nodes, types, precisions: PRECISIONS, options: optionsFor(computer) }
  const benchmark = await benchmarkOperators(bench, wanted, budgetMs, least)
  // Measured one by one, nodes can come to more than the whole.
  const pace = Math.min(1, bench.p50Ms / sum(ran.map(({ timeMs }) => timeMs)))
  return savingsByNode({ model, nodes, benchmark }, ran).map(({ name, savesMs }) => ({ name, savesMs: savesMs * pace }))
}

/** Every product that was timed in int8, as the nodes that ran; in the precision that saves most. */
function savingsByNode({ model, nodes, benchmark }: BenchmarkedModel, ran: readonly ProfiledNode[]): readonly NodeInInt8[] {
  const executed = executedLayers(model, nodes, ran)
  const products = nodes.filter(({ node, opType }) => PRODUCTS.has(opType) && timeInInt8(benchmark, node) !== undefined)
  const insideMs = (node: string): number => sum((executed.get(node) ?? []).map(({ timeMs }) => timeMs))
  const ratios = products.flatMap(({ node }) => {
    const { floatMs } = benchmark.times.get(node)!
    return typeof floatMs === 'number' && floatMs > 0 && insideMs(node) > 0 ? [insideMs(node) / floatMs] : []
  })
  const asInside = inState(benchmark, { state: medianOrNull(ratios) ?? 1, insideMs })
  const none: ReadonlySet<string> = new Set()
  const given = { model, nodes, benchmark: asInside }
  const choices: readonly Layers[] = [
    staticLayers(given, none),
    dynamicLayers(given, none),
    weightLayers(given, ['weights8'], none),
  ]
  const { layers, savingMs: leastMs } = choices.reduce((best, one) => (one.savingMs > best.savingMs ? one : best))
  const chosenMs = (node: string): number | undefined => {
    const ms = asInside.times.get(node)?.other[layers.get(node) ?? 'float32']
    return typeof ms === 'number' ? ms / DOUBT : undefined
  }
  const savingMs = Math.max(0, leastMs + (DOUBT - 1) * sum([...layers.keys()].map((node) => chosenMs(node) ?? 0)))
  const gains = products.map(({ node }) => Math.max(0, insideMs(node) - (chosenMs(node) ?? insideMs(node))))
  // Conversions are nobody's own, and what else is in int8 is there for the products.
  const share = savingMs / Math.max(sum(gains), Number.MIN_VALUE)
  return products.flatMap(({ node }, k) => {
    const own = executed.get(node) ?? []
    return own.map(({ name }) => ({ name, savesMs: (gains[k]! * share) / own.length }))
  })
}

/** Nodes that ran of each layer, keyed by node; a node that holds several layers is the product's. */
function executedLayers({ proto }: Model, nodes: BenchmarkedModel['nodes'], ran: readonly ProfiledNode[]) {
  const nameOf = new Map(proto.graph!.node.map(({ name, output }) => [output[0], name || output[0]!]))
  const taken = new Set<ProfiledNode>()
  const productsFirst = [...nodes].sort((a, b) => Number(PRODUCTS.has(b.opType)) - Number(PRODUCTS.has(a.opType)))
  return new Map(
    productsFirst.map(({ node, parts }) => {
      const names = new Set(parts.map((part) => nameOf.get(part)))
      const own = ran.filter((one) => !taken.has(one) && one.origin.some((name) => names.has(name)))
      for (const one of own) taken.add(one)
      return [node, own]
    }),
  )
}

const timeInInt8 = ({ times }: OperatorBenchmark, node: string): number | undefined =>
  Object.values(times.get(node)?.other ?? {}).find((ms) => typeof ms === 'number')

/**
 * Float times are those within the model, in the state of the machine in which it was measured. All others are brought to that state, and layers are
 * chosen as if int8 took longer: of many times that few rounds give, the luckiest would be picked.
 */
function inState(
  benchmark: OperatorBenchmark,
  { state, insideMs }: { readonly state: number; readonly insideMs: (node: string) => number },
): OperatorBenchmark {
  const times = [...benchmark.times].map(([node, { floatMs, other }]) => {
    const int8 = Object.entries(other).map(([precision, ms]) => [precision, typeof ms === 'number' ? DOUBT * state * ms : ms])
    return [
      node,
      { floatMs: typeof floatMs === 'number' ? insideMs(node) : floatMs, other: Object.fromEntries(int8) as typeof other },
    ] as const
  })
  return {
    ...benchmark,
    times: new Map(times),
    quantizeMs: (elements) => state * benchmark.quantizeMs(elements),
    dequantizeMs: (elements) => state * benchmark.dequantizeMs(elements),
    reorderMs: (elements) => state * benchmark.reorderMs(elements),
    dynamicMs: (elements) => state * benchmark.dynamicMs(elements),
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
