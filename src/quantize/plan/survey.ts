// What each operator of a model takes as float and in each precision that it can have, measured with small models: one for each distinct
// operator, shapes and attributes, however often it is in the model.
import path from 'node:path'
import { elementCount } from '../../graph/dtype.ts'
import { firstLineOf } from '../../graph/input-error.ts'
import type { Model } from '../../graph/model.ts'
import type { TensorType } from '../../graph/types.ts'
import type { TypeAsRun } from '../../measure/outputs/types-task.ts'
import { emptyModel } from '../../measure/timing/empty-model.ts'
import { operatorTimes, type TimedGroup } from '../../measure/timing/operators/index.ts'
import type { TimedModel } from '../../measure/timing/operators/task.ts'
import { median } from '../../measure/timing/statistics.ts'
import type { Precision, Quantizable, QuantizeOptions, Range } from '../write/choice.ts'
import { extractNode } from '../write/extract.ts'
import { quantize } from '../write/quantize.ts'
import type { PrecisionBench } from './bench.ts'
import { conversion, identityOf, inputTypes, twinOf, withoutBorders } from './small-models.ts'

/** One node's times, ms a prediction, without the price of a call; a string says why there is none. */
export interface NodeTimes {
  readonly floatMs: number | string
  /** static: without conversions. dynamic: with that of what it reads. */
  readonly other: Readonly<Partial<Record<Precision, number | string>>>
}

export interface Survey {
  /** By node (first output). */
  readonly times: ReadonlyMap<string, NodeTimes>
  /** Time of a conversion of so many elements, ms. */
  readonly quantizeMs: (elements: number) => number
  readonly dequantizeMs: (elements: number) => number
  /** Of so many elements between the layout of images and that of the engine's float convolutions, ms; 0 where it keeps them as they are. */
  readonly reorderMs: (elements: number) => number
  /** Of DynamicQuantizeLinear. */
  readonly dynamicMs: (elements: number) => number
  readonly elementsOf: (value: string) => number
  /** True for a value with the axes of an image. */
  readonly isImage: (value: string) => boolean
}

/** Elements at which conversions are timed; between them time is taken to grow evenly. */
const SIZES = [256, 4096, 32_768, 262_144, 2_097_152]
/** The range of made-up activations; time does not depend on it. */
const RANGE: Range = { low: -4, high: 4 }
/** What Relu and Clip leave, so that they go into the range. */
const CUT_RANGE: Range = { low: 0, high: 4 }
/** Of everything that is measured here, ms, where nothing bounds it. */
const MOST_MS = 20_000

interface Small {
  readonly identity: string
  readonly float: TimedModel
  readonly twin: TimedModel | undefined
  readonly other: Partial<Record<Precision, TimedModel | string>>
}

export async function surveyOperators(
  bench: PrecisionBench,
  model: Model,
  nodes: readonly Quantizable[],
  wanted: readonly Precision[],
  options: QuantizeOptions,
  types: ReadonlyMap<string, TypeAsRun>,
  budgetMs: number = MOST_MS,
): Promise<Survey> {
  const byIdentity = new Map<string, Small>()
  const smallOf = new Map<string, Small | string>()
  for (const one of nodes) {
    const asked = one.precisions.filter((precision) => wanted.includes(precision))
    if (asked.length === 0) continue
    try {
      const alone = extractNode(model, one.node, types, nodes)
      if (alone === undefined) {
        smallOf.set(one.node, 'it cannot be taken out of the model alone')
        continue
      }
      const identity = `${identityOf(alone)} ${asked.join()} ${JSON.stringify(options)}`
      const known = byIdentity.get(identity) ?? (await smallModels(bench, identity, alone, one, asked, options, types))
      byIdentity.set(identity, known)
      smallOf.set(one.node, known)
    } catch (error) {
      smallOf.set(one.node, firstLineOf(error))
    }
  }
  const conversions = await Promise.all(
    (['quantize', 'dequantize', 'dynamic'] as const).map(async (kind) => ({
      kind,
      models: await Promise.all(SIZES.map((size) => timed(bench, conversion(kind, size)))),
    })),
  )
  const empty = await timedEmpty(bench)
  const groups: TimedGroup[] = [
    { identity: 'an empty model', models: [empty] },
    ...conversions.map(({ kind, models }) => ({ identity: `${kind} ${SIZES.join()}`, models })),
    ...[...byIdentity.values()].map(({ identity, float, twin, other }) => ({
      identity,
      models: [float, ...(twin ? [twin] : []), ...Object.values(other).filter((one) => typeof one !== 'string')],
    })),
  ]
  const times = await operatorTimes({
    run: bench.run,
    engine: bench.engineId,
    // Outputs made anew at each call are pages of memory made anew: in the whole model they come from the engine's own store.
    options: { ...bench.options, reuseOutputs: true, directCall: false },
    groups,
    limits: bench.limits,
    folder: bench.folder,
    cache: bench.cache,
    budgetMs: Math.min(MOST_MS, budgetMs),
  })
  const callMs = numberIn(times, empty.key) ?? 0
  const msOf = (one: TimedModel | string | undefined): number | string => {
    if (one === undefined) return 'not timed'
    if (typeof one === 'string') return one
    const ms = times.get(one.key) ?? 'not timed'
    return typeof ms === 'number' ? Math.max(0, ms - callMs) : ms
  }
  const curve = (kind: string) => {
    const points = conversions.find((one) => one.kind === kind)!.models.map((one) => msOf(one))
    return interpolated(SIZES, smoothed(points))
  }
  const reorders: number[] = []
  const rows = [...smallOf].map(([node, small]): [string, NodeTimes] => {
    if (typeof small === 'string') return [node, { floatMs: small, other: {} }]
    const single = msOf(small.float)
    const both = msOf(small.twin)
    // Two convolutions less one; never more than one with its change of layout.
    const floatMs =
      typeof both === 'number' && typeof single === 'number' ? Math.min(single, Math.max(single / 4, both - single)) : single
    if (typeof both === 'number' && typeof single === 'number')
      reorders.push(Math.max(0, 2 * single - both) / elementsIn(small.float, types, node))
    const other = Object.fromEntries(Object.entries(small.other).map(([precision, one]) => [precision, msOf(one)]))
    return [node, { floatMs, other }]
  })
  return {
    times: new Map(rows),
    reorderMs: (elements) => (reorders.length > 0 ? median(reorders) : 0) * elements,
    quantizeMs: curve('quantize'),
    dequantizeMs: curve('dequantize'),
    dynamicMs: curve('dynamic'),
    isImage: (value) => types.get(value)?.shape.length === 4,
    elementsOf: (value) => elementCount(types.get(value)?.shape ?? []),
  }
}

/** Of what a small model reads and gives. */
function elementsIn({ inputs }: TimedModel, types: ReadonlyMap<string, TensorType>, node: string): number {
  const read = inputs.reduce((sum, { type }) => sum + elementCount(type.shape), 0)
  return Math.max(1, read + elementCount(types.get(node)?.shape ?? []))
}

async function smallModels(
  bench: PrecisionBench,
  identity: string,
  alone: Model,
  { node, parts, activationsIn, activationsOut }: Quantizable,
  asked: readonly Precision[],
  options: QuantizeOptions,
  types: ReadonlyMap<string, TensorType>,
): Promise<Small> {
  const last = alone.proto.graph!.node.find(({ output }) => output[0] === parts.at(-1))
  const cut = last?.opType === 'Relu' || last?.opType === 'Clip'
  const ranges = new Map([...activationsIn, ...parts].map((value) => [value, RANGE]))
  for (const value of activationsOut) ranges.set(value, cut ? CUT_RANGE : RANGE)
  const twin = twinOf(alone)
  const other: Partial<Record<Precision, TimedModel | string>> = {}
  for (const precision of asked) {
    try {
      const { model, layers, skipped } = quantize(alone, { layers: new Map([[node, precision]]), ranges, options }, types)
      if (layers.length === 0) other[precision] = skipped[0]?.reason ?? 'it stays float32'
      else other[precision] = await timed(bench, precision === 'static' ? withoutBorders(model) : model)
    } catch (error) {
      other[precision] = firstLineOf(error)
    }
  }
  return { identity, float: await timed(bench, alone), twin: twin && (await timed(bench, twin)), other }
}

async function timed(bench: PrecisionBench, model: Model): Promise<TimedModel> {
  const key = bench.nextName('operator')
  const inputs = inputTypes(model)
  if (inputs === undefined) throw new Error('the sizes of what it reads are not known')
  const { file } = await bench.write(model, path.join(bench.folder, key))
  return { key, file, inputs }
}

async function timedEmpty(bench: PrecisionBench): Promise<TimedModel> {
  const type: TensorType = { dtype: 'float32', shape: [1, 16] }
  const bytes = emptyModel([{ name: 'x', type }], [{ name: 'y', type }])!
  const key = bench.nextName('operator')
  return { key, file: bench.writeBytes(bytes, key), inputs: [{ name: 'x', type }] }
}

function numberIn(times: ReadonlyMap<string, number | string>, key: string): number | undefined {
  const ms = times.get(key)
  return typeof ms === 'number' ? ms : undefined
}

/** Most that an element's time may grow from one size to another, by caches that it leaves; more is a disturbed measurement. */
const MOST_GROWTH = 2.5

/** Times at `SIZES`, disturbed and absent ones taken from the best time of an element. */
function smoothed(points: readonly (number | string)[]): number[] {
  const rates = points.flatMap((ms, k) => (k > 0 && typeof ms === 'number' && ms > 0 ? [ms / SIZES[k]!] : []))
  const rate = rates.length > 0 ? Math.min(...rates) : 0
  return points.map((ms, k) => {
    const most = MOST_GROWTH * rate * SIZES[k]!
    return typeof ms !== 'number' ? rate * SIZES[k]! : k === 0 ? ms : Math.min(ms, most)
  })
}

/** Straight lines between the points, and beyond them in proportion. */
export function interpolated(at: readonly number[], values: readonly number[]): (x: number) => number {
  return (x) => {
    const after = at.findIndex((one) => one >= x)
    if (after === 0) return values[0]!
    if (after < 0) return (values.at(-1)! * x) / at.at(-1)!
    const share = (x - at[after - 1]!) / (at[after]! - at[after - 1]!)
    return values[after - 1]! + share * (values[after]! - values[after - 1]!)
  }
}
