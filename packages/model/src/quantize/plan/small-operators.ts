// The small models that the benchmark of operators times, written: each distinct operator by itself, as float and in each precision that
// it is wanted in, and conversions.
import path from 'node:path'
import { firstLineOf } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { TensorType } from '@whyslow/graph/types.ts'
import type { TypeAsRun } from '@whyslow/measure/outputs/types-task.ts'
import { emptyModel } from '@whyslow/measure/timing/empty-model.ts'
import type { TimedModel } from '@whyslow/measure/timing/operators/task.ts'
import { optionsFor, type Precision, type Quantizable, type QuantizeOptions, type Range } from '../write/choice.ts'
import { extractNode } from '../write/extract.ts'
import { quantizableNodes } from '../write/quantizable.ts'
import { quantize } from '../write/quantize.ts'
import type { PrecisionBench } from './bench.ts'
import { conversion, identityOf, inputTypes, twinOf, withoutBorders } from './small-models.ts'

export interface WantedOperators {
  readonly model: Model
  readonly nodes: readonly Quantizable[]
  readonly precisions: readonly Precision[]
  readonly options: QuantizeOptions
  readonly types: ReadonlyMap<string, TypeAsRun>
}

export interface SmallOperator {
  /** What its times depend on. */
  readonly identity: string
  readonly float: TimedModel
  /** Two of it side by side; of convolutions. */
  readonly twin: TimedModel | undefined
  /** A string says why there is none. */
  readonly other: Readonly<Partial<Record<Precision, TimedModel | string>>>
}

/** The range of made-up activations; time does not depend on it. */
const RANGE: Range = { low: -4, high: 4 }
/** What Relu and Clip leave, so that they go into the range. */
const CUT_RANGE: Range = { low: 0, high: 4 }

/** Small operators keyed by node (first output): nodes that are alike share one; a string says why there is none. */
export async function smallOperators(
  bench: Pick<PrecisionBench, 'nextName' | 'write' | 'folder'>,
  wanted: WantedOperators,
): Promise<ReadonlyMap<string, SmallOperator | string>> {
  const { model, nodes, types } = wanted
  const known = new Map<string, SmallOperator>()
  const found = new Map<string, SmallOperator | string>()
  for (const layer of nodes) {
    const precisions = layer.precisions.filter((precision) => wanted.precisions.includes(precision))
    if (precisions.length === 0) continue
    try {
      const extracted = extractNode(model, layer.node, types, nodes)
      if (extracted === undefined) {
        found.set(layer.node, 'it cannot be taken out of the model alone')
        continue
      }
      const identity = `${identityOf(extracted)} ${precisions.join()} ${JSON.stringify(wanted.options)}`
      const operator = known.get(identity) ?? {
        identity,
        ...(await writeOperator(bench, wanted, { ...layer, precisions }, extracted)),
      }
      known.set(identity, operator)
      found.set(layer.node, operator)
    } catch (error) {
      found.set(layer.node, firstLineOf(error))
    }
  }
  return found
}

async function writeOperator(
  bench: Pick<PrecisionBench, 'nextName' | 'write' | 'folder'>,
  wanted: WantedOperators,
  layer: Quantizable,
  extracted: Model,
): Promise<Omit<SmallOperator, 'identity'>> {
  const twin = twinOf(extracted)
  const other: Partial<Record<Precision, TimedModel | string>> = {}
  for (const precision of layer.precisions) {
    try {
      const made = inPrecision(extracted, layer, precision, wanted)
      other[precision] = typeof made === 'string' ? made : await timed(bench, made)
    } catch (error) {
      other[precision] = firstLineOf(error)
    }
  }
  return { float: await timed(bench, extracted), twin: twin && (await timed(bench, twin)), other }
}

/** The layer's model in the precision, static without the conversions around it; a string says why it stays float32. */
function inPrecision(
  extracted: Model,
  { node, parts, activationsIn, activationsOut }: Quantizable,
  precision: Precision,
  { options, types }: Pick<WantedOperators, 'options' | 'types'>,
): Model | string {
  const last = extracted.proto.graph!.node.find(({ output }) => output[0] === parts.at(-1))
  const isCut = last?.opType === 'Relu' || last?.opType === 'Clip'
  const ranges = new Map([...activationsIn, ...parts].map((value) => [value, RANGE]))
  for (const value of activationsOut) ranges.set(value, isCut ? CUT_RANGE : RANGE)
  const { model, layers, skipped } = quantize(extracted, { layers: new Map([[node, precision]]), ranges, options }, types)
  if (layers.length === 0) return skipped[0]?.reason ?? 'it stays float32'
  return precision === 'static' ? withoutBorders(model) : model
}

/** Products and convolutions, whose multiply-adds int8 units do. */
const PRODUCTS = new Set(['Conv', 'MatMul', 'Gemm'])

/**
 * A part that is one product, with what runs within it, in int8 as `quantize` writes it for this computer; undefined if it is another
 * operator, or stays float32.
 */
export function int8Part(
  part: Model,
  types: WantedOperators['types'],
  computer: Parameters<typeof optionsFor>[0],
): Model | undefined {
  const layers = quantizableNodes(part, types).filter(({ parts }) => parts.length > 0)
  const [layer] = layers
  if (layers.length !== 1 || !PRODUCTS.has(layer!.opType)) return undefined
  const precision = (['static', 'dynamic'] as const).find((one) => layer!.precisions.includes(one))
  const made = precision && inPrecision(part, layer!, precision, { options: optionsFor(computer), types })
  return typeof made === 'string' ? undefined : made
}

/** Conversions of each kind, one of each size. */
export async function timedConversions(bench: Pick<PrecisionBench, 'nextName' | 'write' | 'folder'>, sizes: readonly number[]) {
  const models = (kind: Parameters<typeof conversion>[0]) =>
    Promise.all(sizes.map((size) => timed(bench, conversion(kind, size))))
  return { quantize: await models('quantize'), dequantize: await models('dequantize'), dynamic: await models('dynamic') }
}

async function timed(bench: Pick<PrecisionBench, 'nextName' | 'write' | 'folder'>, model: Model): Promise<TimedModel> {
  const key = bench.nextName('operator')
  const inputs = inputTypes(model)
  if (inputs === undefined) throw new Error('the sizes of what it reads are not known')
  const { file } = await bench.write(model, path.join(bench.folder, key))
  return { key, file, inputs }
}

export function timedEmpty(bench: Pick<PrecisionBench, 'nextName' | 'writeBytes'>): TimedModel {
  const type: TensorType = { dtype: 'float32', shape: [1, 16] }
  const bytes = emptyModel([{ name: 'x', type }], [{ name: 'y', type }])
  const key = bench.nextName('operator')
  return { key, file: bench.writeBytes(bytes, key), inputs: [{ name: 'x', type }] }
}
