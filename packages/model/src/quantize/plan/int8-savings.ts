// What int8 would save of a model, before anything is quantized: its layers alone in float32 and in int8, and the conversions at the borders of int8,
// timed for the search for precisions; the layers that it would choose save this much, conversions taken off.
import type { Model } from '@whyslow/graph/model.ts'
import type { OperatorTimesInput } from '@whyslow/measure/timing/operators/task.ts'
import type { ProfiledNode } from '@whyslow/measure/timing/types.ts'
import type { RemedyEvidence } from '../../remedies/kit/remedy.ts'
import { optionsFor } from '../write/choice.ts'
import { quantizable } from '../write/quantizable.ts'
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
  const nodes = quantizable(model, types)
  const wanted = { model, nodes, types, precisions: PRECISIONS, options: optionsFor(computer) }
  return savingsByNode({ model, nodes, benchmark: await benchmarkOperators(bench, wanted, budgetMs, least) }, ran)
}

/** Every layer that was timed in int8, as the nodes that ran; of the precision that saves most. */
function savingsByNode(benchmarked: BenchmarkedModel, ran: readonly ProfiledNode[]): readonly NodeInInt8[] {
  const { model, nodes, benchmark } = benchmarked
  const none: ReadonlySet<string> = new Set()
  const doubted = { ...benchmarked, benchmark: { ...benchmark, times: doubtedTimes(benchmark.times) } }
  const choices: readonly Layers[] = [
    staticLayers(doubted, none),
    dynamicLayers(doubted, none),
    weightLayers(doubted, ['weights8'], none),
  ]
  const { layers, savingMs: leastMs } = choices.reduce((best, one) => (one.savingMs > best.savingMs ? one : best))
  const chosen = [...layers].map(([node, precision]) => benchmark.times.get(node)?.other[precision])
  const savingMs = leastMs + (DOUBT - 1) * sum(chosen.filter((ms) => typeof ms === 'number'))
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

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

/** Layers are chosen as if int8 took longer: of many times that few rounds give, the luckiest would be picked. */
const doubtedTimes = (times: OperatorBenchmark['times']): OperatorBenchmark['times'] =>
  new Map(
    [...times].map(([node, { floatMs, other }]) => {
      const slower = Object.entries(other).map(([precision, ms]) => [precision, typeof ms === 'number' ? DOUBT * ms : ms])
      return [node, { floatMs, other: Object.fromEntries(slower) as typeof other }]
    }),
  )
