// The benchmark of operators: what each operator of a model takes as float and in each precision that it can have, measured with small
// models, one for each distinct operator, shapes and attributes, however often it is in the model.
import { elementCount } from '@whyslow/graph/dtype.ts'
import type { TensorType } from '@whyslow/graph/types.ts'
import { medianOrNull } from '@whyslow/measure/statistics/index.ts'
import { operatorTimes, type TimedGroup, type Times } from '@whyslow/measure/timing/operators/index.ts'
import type { OperatorTimesInput, TimedModel } from '@whyslow/measure/timing/operators/task.ts'
import type { Precision } from '../write/choice.ts'
import type { PrecisionBench } from './bench.ts'
import { type SmallOperator, smallOperators, timedConversions, timedEmpty, type WantedOperators } from './small-operators.ts'

/** One node's times, ms a prediction, without the price of a call; a string says why there is none. */
export interface NodeTimes {
  readonly floatMs: number | string
  /** static: without conversions. dynamic: with that of what it reads. */
  readonly other: Readonly<Partial<Record<Precision, number | string>>>
}

export interface OperatorBenchmark {
  /** Times keyed by node (first output). */
  readonly times: ReadonlyMap<string, NodeTimes>
  /** Time of a conversion of this many elements, ms. */
  readonly quantizeMs: (elements: number) => number
  readonly dequantizeMs: (elements: number) => number
  /** Time to convert this many elements between the layout of images and that of the engine's float convolutions, ms; 0 if it keeps them unchanged. */
  readonly reorderMs: (elements: number) => number
  /** Time of DynamicQuantizeLinear, ms. */
  readonly dynamicMs: (elements: number) => number
  readonly elementsOf: (value: string) => number
  /** True for a value with the axes of an image. */
  readonly isImage: (value: string) => boolean
}

/** Elements at which conversions are timed; between them time is taken to grow evenly. */
const SIZES = [256, 4096, 32_768, 262_144, 2_097_152]
/** Most time for everything that is measured here, ms. */
const MOST_MS = 20_000

/** `budgetMs`: of measuring. `least`: predictions in a round; absent: as many as tell operators of microseconds apart. */
export async function benchmarkOperators(
  bench: Omit<PrecisionBench, 'writeVariants' | 'compare' | 'nowMs' | 'onStep'>,
  wanted: WantedOperators,
  budgetMs: number = MOST_MS,
  least?: OperatorTimesInput['least'],
): Promise<OperatorBenchmark> {
  const operators = await smallOperators(bench, wanted)
  const conversions = await timedConversions(bench, SIZES)
  const empty = timedEmpty(bench)
  const distinct = new Set([...operators.values()].filter((one) => typeof one !== 'string'))
  const groups: TimedGroup[] = [
    { identity: 'an empty model', models: [empty] },
    ...Object.entries(conversions).map(([kind, models]) => ({ identity: `${kind} ${SIZES.join()}`, models })),
    ...[...distinct].map(({ identity, ...models }) => ({ identity, models: modelsOf(models) })),
  ]
  const times = await operatorTimes({
    run: bench.run,
    engine: bench.engineId,
    // Outputs made again at each call are pages of memory made again: in the whole model they come from the engine's own store.
    options: { ...bench.options, reuseOutputs: true, directCall: false },
    groups,
    limits: bench.limits,
    folder: bench.folder,
    cache: bench.cache,
    budgetMs: Math.min(MOST_MS, budgetMs),
    ...(least && { least }),
  })
  const msOf = withoutCall(times, empty)
  const curve = (models: readonly TimedModel[]) => interpolate(SIZES, undisturbed(models.map(msOf)))
  const { types } = wanted
  const reorderMs = reorderMsOf(operators, msOf, types)
  return {
    times: new Map([...operators].map(([node, operator]) => [node, nodeTimes(operator, msOf)])),
    reorderMs: (elements) => reorderMs * elements,
    quantizeMs: curve(conversions.quantize),
    dequantizeMs: curve(conversions.dequantize),
    dynamicMs: curve(conversions.dynamic),
    isImage: (value) => types.get(value)?.shape.length === 4,
    elementsOf: (value) => elementCount(types.get(value)?.shape ?? []),
  }
}

function modelsOf({ float, twin, other }: Omit<SmallOperator, 'identity'>): TimedModel[] {
  return [float, ...(twin ? [twin] : []), ...Object.values(other).filter((one) => typeof one !== 'string')]
}

type MsOf = (model: TimedModel | string | undefined) => number | string

/** The time of a model less that of an empty one; a string says why there is none. */
function withoutCall(times: Times, empty: TimedModel): MsOf {
  const callMs = times.get(empty.key)
  return (model) => {
    if (typeof model !== 'object') return model ?? 'not timed'
    const ms = times.get(model.key) ?? 'not timed'
    return typeof ms === 'number' ? Math.max(0, ms - (typeof callMs === 'number' ? callMs : 0)) : ms
  }
}

function nodeTimes(operator: SmallOperator | string, msOf: MsOf): NodeTimes {
  if (typeof operator === 'string') return { floatMs: operator, other: {} }
  const [single, both] = [msOf(operator.float), msOf(operator.twin)]
  const other = Object.fromEntries(Object.entries(operator.other).map(([precision, one]) => [precision, msOf(one)]))
  if (typeof both !== 'number' || typeof single !== 'number') return { floatMs: single, other }
  // Two convolutions less one; never more than one with its change of layout.
  return { floatMs: Math.min(single, Math.max(single / 4, both - single)), other }
}

/** Time per element, ms: how much longer two convolutions take apart than together. */
function reorderMsOf(
  operators: ReadonlyMap<string, SmallOperator | string>,
  msOf: MsOf,
  types: ReadonlyMap<string, TensorType>,
): number {
  const reorders = [...operators].flatMap(([node, operator]) => {
    if (typeof operator === 'string') return []
    const [single, both] = [msOf(operator.float), msOf(operator.twin)]
    if (typeof both !== 'number' || typeof single !== 'number') return []
    return [Math.max(0, 2 * single - both) / elementsIn(operator.float, types, node)]
  })
  return medianOrNull(reorders) ?? 0
}

/** Elements that a small model reads and gives. */
function elementsIn({ inputs }: TimedModel, types: ReadonlyMap<string, TensorType>, node: string): number {
  const read = inputs.reduce((sum, { type }) => sum + elementCount(type.shape), 0)
  return Math.max(1, read + elementCount(types.get(node)?.shape ?? []))
}

/** Most that an element's time may grow from one size to another, by caches that it leaves; more is a disturbed measurement. */
const MOST_GROWTH = 2.5

/** Times at `SIZES`, disturbed and absent ones taken from the best time of an element. */
function undisturbed(points: readonly (number | string)[]): number[] {
  const rates = points.flatMap((ms, k) => (k > 0 && typeof ms === 'number' && ms > 0 ? [ms / SIZES[k]!] : []))
  const rate = rates.length > 0 ? Math.min(...rates) : 0
  return points.map((ms, k) => {
    const most = MOST_GROWTH * rate * SIZES[k]!
    return typeof ms !== 'number' ? rate * SIZES[k]! : k === 0 ? ms : Math.min(ms, most)
  })
}

/** Straight lines between the points, and beyond them in proportion. */
export function interpolate(at: readonly number[], values: readonly number[]): (x: number) => number {
  return (x) => {
    const after = at.findIndex((one) => one >= x)
    if (after === 0) return values[0]!
    if (after < 0) return (values.at(-1)! * x) / at.at(-1)!
    const share = (x - at[after - 1]!) / (at[after]! - at[after - 1]!)
    return values[after - 1]! + share * (values[after]! - values[after - 1]!)
  }
}
