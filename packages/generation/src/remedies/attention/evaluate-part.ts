// What a part of a decoder computes of its small inputs, found by running that part: cosines are those of the positions, however an exporter wrote
// them, and masks are what mask-uses.ts says. The part holds no weights but those that a shape is read from.
import { int64Tensor, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { float16Values } from '@whyslow/graph/decode.ts'
import { elementCount, sizeInBytes } from '@whyslow/graph/dtype.ts'
import { editGraph, freshNames, withGraph, withoutDead } from '@whyslow/graph/edit.ts'
import { ELEMENT_ARRAYS } from '@whyslow/graph/element-arrays.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { DType } from '@whyslow/graph/types.ts'
import { readsOf } from '@whyslow/graph/walk.ts'
import type { Feeds, Results, TensorValue } from '@whyslow/measure/engines/types.ts'
import type { NodeProto } from 'onnx-buf'
import { type DecoderLayout, listShape } from '../../recognize/layout.ts'
import type { RemedyTarget, RemedyTools } from '../kit/remedy.ts'
import type { CachedAttention } from './cached-attention.ts'

/**
 * A model in which new keys and values are zeros, and all caches of one size are the first of them: sizes that are read off a cache need no layer
 * computed, and one cache is fed in place of one for each layer.
 */
export function withoutLayers(model: Model, layout: DecoderLayout, attentions: readonly CachedAttention[]): Model {
  const graph = model.proto.graph!
  const fresh = freshNames(graph)
  const [axis, one] = [fresh('new_axis'), fresh('new_one')]
  const [ids, length] = [fresh('ids_sizes'), fresh('new_length')]
  const add: NodeProto[] = [
    node({ opType: 'Shape', name: ids }, [layout.inputs.ids!.name], [ids]),
    node({ opType: 'Gather', name: length }, [ids, axis], [length], { axis: 0 }),
  ]
  const addInitializers = [int64Tensor(axis, [1], [1]), int64Tensor(one, [1], [1])]
  const read = new Map<string, string>()
  const first = new Map<string, { readonly past: string; readonly zeros: string }>()
  for (const { keys, values, kvHeads, size } of attentions) {
    for (const { added, entry } of [keys, values]) {
      const kind = `${kvHeads} ${size} ${entry.dtype}`
      const known = first.get(kind)
      if (known !== undefined) {
        read.set(added, known.zeros).set(entry.past, known.past)
        continue
      }
      const [heads, width] = [fresh('new_heads'), fresh('new_size')]
      const [sizes, zeros, zero] = [fresh('new_sizes'), fresh('new_zeros'), fresh('new_zero')]
      const bytes = new Uint8Array(sizeInBytes({ dtype: entry.dtype, shape: [] })!)
      addInitializers.push(
        int64Tensor(heads, [1], [kvHeads]),
        int64Tensor(width, [1], [size]),
        rawTensor(zero, entry.dtype, [], bytes),
      )
      add.push(
        node({ opType: 'Concat', name: sizes }, [one, heads, length, width], [sizes], { axis: 0 }),
        node({ opType: 'Expand', name: zeros }, [zero, sizes], [zeros]),
      )
      read.set(added, zeros)
      first.set(kind, { past: entry.past, zeros })
    }
  }
  return withGraph(model, editGraph(graph, { add, addInitializers, read }))
}

/** The model with these values as its outputs alone, and the inputs that they need. Types are the engine's to find. */
export function partMaking(model: Model, values: readonly string[]): Model {
  const graph = model.proto.graph!
  const output = values.map((name) => copyWith(valueInfo(name, 'float32'), { type: undefined }))
  const lean = withoutDead(copyWith(graph, { output }))
  const read = new Set([...lean.node.flatMap(readsOf), ...values])
  return withGraph(model, copyWith(lean, { input: lean.input.filter(({ name }) => read.has(name)) }))
}

export interface StepSize {
  /** Tokens held, all zeros. */
  readonly past: number
  readonly fresh: number
  /** The ids that are new; absent: zeros. */
  readonly ids?: readonly number[]
}

/** What a step is fed, of the model's inputs only. */
export function stepFeeds(model: Model, layout: DecoderLayout, { past, fresh, ids: given }: StepSize): Feeds {
  const wanted = new Set(model.proto.graph!.input.map(({ name }) => name))
  const { ids, mask, positions, cachePositions, logitsToKeep, useCache, lastPosition, totalLength, pastLength } = layout.inputs
  const feeds: Record<string, TensorValue> = {}
  /** Feeds zeros without `value`. */
  const feed = (name: string | undefined, dtype: DType, shape: readonly number[], value?: (at: number) => number) => {
    if (name === undefined || !wanted.has(name)) return
    const data = new ELEMENT_ARRAYS[dtype]!(elementCount(shape)) as Float32Array | BigInt64Array
    if (value !== undefined)
      for (let at = 0; at < data.length; at++) data[at] = data instanceof BigInt64Array ? BigInt(value(at)) : value(at)
    feeds[name] = { dtype, shape: [...shape], data }
  }
  feed(ids?.name, ids?.dtype ?? 'int64', [1, fresh], given && ((at) => given[at]!))
  feed(mask?.name, mask?.dtype ?? 'int64', [1, past + fresh], () => 1)
  for (const places of [positions, cachePositions])
    feed(places?.name, places?.dtype ?? 'int64', listShape(places?.shape ?? null, fresh), (at) => past + (at % fresh))
  const lengths = [
    [lastPosition, past + fresh - 1],
    [totalLength, past + fresh],
    [pastLength, past],
  ] as const
  for (const [input, length] of lengths)
    feed(input?.name, input?.dtype ?? 'int64', input?.shape?.length === 1 ? [1] : [], () => length)
  feed(useCache?.name, 'bool', [1], () => 1)
  feed(logitsToKeep?.name, 'int64', logitsToKeep?.shape?.length === 1 ? [1] : [], () => 1)
  for (const { past: name, shape, axes, dtype } of layout.cache) {
    const sizes = shape.map((size, axis) => (axis === axes.length ? past : typeof size === 'number' ? size : 1))
    feed(name, dtype, sizes)
  }
  return feeds
}

/** Whether the graph takes one new token and no more: nothing comes after it that a mask would hide. */
export const feedsOne = ({ inputs: { ids } }: Pick<DecoderLayout, 'inputs'>): boolean =>
  ids?.shape?.length === 2 && ids.shape[1] === 1

export const inFloat32 = (value: TensorValue): TensorValue =>
  value.dtype === 'float16' ? { ...value, dtype: 'float32', data: float16Values(value.data as Uint16Array) } : value

/** Rows of cosines and sines of the first half of a head. */
export interface Angles {
  readonly positions: number
  readonly half: number
  /** As the graph computes them; here they are float32. */
  readonly dtype: DType
  readonly cos: Float32Array<ArrayBuffer>
  readonly sin: Float32Array<ArrayBuffer>
}

/** A longer table would take more memory than the weights of a small model. */
const MOST_POSITIONS = 32_768

/** undefined: they are not of the positions alone, or both halves of a head are not turned by the same angle. */
export async function anglesOf(
  { model, layout, context }: Pick<RemedyTarget, 'model' | 'layout' | 'context'>,
  names: { readonly cos: string; readonly sin: string; readonly size: number },
  { evaluate }: RemedyTools,
): Promise<Angles | undefined> {
  if (context === null || context > MOST_POSITIONS || feedsOne(layout)) return undefined
  const part = partMaking(model, [names.cos, names.sin])
  // Angles that stretch with the length of a text are others in a short one.
  const [past, fresh] = [Math.min(3, context - 1), 1]
  const feeds = [stepFeeds(part, layout, { past: 0, fresh: context }), stepFeeds(part, layout, { past, fresh })]
  const [whole, later] = (await evaluate(part, feeds)) as [Results, Results]
  const [cos, sin] = [halves(whole[names.cos]!, context, names.size), halves(whole[names.sin]!, context, names.size)]
  if (cos === undefined || sin === undefined || cos.length !== sin.length) return undefined
  const half = names.size / 2
  const same = ([value, all]: readonly [TensorValue, Float32Array]) =>
    halves(value, fresh, names.size)?.every((one, at) => one === all[past * half + at]) === true
  const pairs = [[later[names.cos]!, cos] as const, [later[names.sin]!, sin] as const]
  const dtype = whole[names.cos]!.dtype
  return pairs.every(same) ? { positions: context, half, dtype, cos, sin } : undefined
}

/** As wide as half a head; of a table as wide as a head, whose halves are equal, one of them. */
function halves(value: TensorValue, positions: number, size: number): Float32Array<ArrayBuffer> | undefined {
  const { shape, data } = inFloat32(value)
  const width = shape.at(-1)!
  const half = size / 2
  if (!(data instanceof Float32Array) || data.length !== positions * width || (width !== size && width !== half)) return undefined
  const table = new Float32Array(positions * half)
  for (let row = 0; row < positions; row++) {
    for (let at = 0; at < half; at++) {
      const value = data[row * width + at]!
      if (value !== data[row * width + (width - half) + at]) return undefined
      table[row * half + at] = value
    }
  }
  return table
}
