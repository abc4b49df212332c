// What a part of a decoder computes of its small inputs, found by running that part: a mask is causal and cosines are those of the positions, however
// an exporter wrote it. The part holds no weights but those that a shape is read from.

import { floatTensor, int64Tensor, node, valueInfo } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import { editGraph, freshNames, withGraph, withoutDead } from '@whyslow/graph/edit.ts'
import { ELEMENT_ARRAYS } from '@whyslow/graph/element-arrays.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { DType } from '@whyslow/graph/types.ts'
import { readsOf } from '@whyslow/graph/walk.ts'
import type { Feeds, Results, TensorValue } from '@whyslow/measure/engines/types.ts'
import type { NodeProto } from 'onnx-buf'
import type { DecoderLayout } from '../../recognize/layout.ts'
import type { RemedyTarget, RemedyTools } from '../kit/remedy.ts'
import { type CachedAttention, FAR_BELOW, type Mask } from './cached-attention.ts'

/**
 * A model in which new keys and values are zeros, and all caches of one size are the first of them: sizes that are read off a cache need no layer
 * computed, and one cache is fed in place of one for each layer.
 */
export function withoutLayers(model: Model, layout: DecoderLayout, attentions: readonly CachedAttention[]): Model {
  const graph = model.proto.graph!
  const fresh = freshNames(graph)
  const [zero, axis, one] = [fresh('new_zero'), fresh('new_axis'), fresh('new_one')]
  const [ids, length] = [fresh('ids_sizes'), fresh('new_length')]
  const add: NodeProto[] = [
    node({ opType: 'Shape', name: ids }, [layout.inputs.ids!.name], [ids]),
    node({ opType: 'Gather', name: length }, [ids, axis], [length], { axis: 0 }),
  ]
  const addInitializers = [floatTensor(zero, [], [0]), int64Tensor(axis, [1], [1]), int64Tensor(one, [1], [1])]
  const read = new Map<string, string>()
  const first = new Map<string, { readonly past: string; readonly zeros: string }>()
  for (const { keys, values, kvHeads, size } of attentions) {
    for (const { added, entry } of [keys, values]) {
      const known = first.get(`${kvHeads} ${size}`)
      if (known !== undefined) {
        read.set(added, known.zeros).set(entry.past, known.past)
        continue
      }
      const [heads, width] = [fresh('new_heads'), fresh('new_size')]
      const [sizes, zeros] = [fresh('new_sizes'), fresh('new_zeros')]
      addInitializers.push(int64Tensor(heads, [1], [kvHeads]), int64Tensor(width, [1], [size]))
      add.push(
        node({ opType: 'Concat', name: sizes }, [one, heads, length, width], [sizes], { axis: 0 }),
        node({ opType: 'Expand', name: zeros }, [zero, sizes], [zeros]),
      )
      read.set(added, zeros)
      first.set(`${kvHeads} ${size}`, { past: entry.past, zeros })
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
  const { ids, mask, positions, logitsToKeep, useCache } = layout.inputs
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
  feed(positions?.name, positions?.dtype ?? 'int64', [1, fresh], (at) => past + at)
  feed(useCache?.name, 'bool', [1], () => 1)
  feed(logitsToKeep?.name, 'int64', logitsToKeep?.shape?.length === 1 ? [1] : [], () => 1)
  for (const { past: name, shape, axes, dtype } of layout.cache) {
    const sizes = shape.map((size, axis) => (axis === axes.length ? past : typeof size === 'number' ? size : 1))
    feed(name, dtype, sizes)
  }
  return feeds
}

/** [tokens held, new tokens] of the calls that a mask is judged by; of one new token with a long past, a window would show. */
const CALLS = [
  [0, 1],
  [0, 5],
  [3, 1],
  [4, 3],
] as const
/** A past that is longer than the window of any model that has one, if the context is not known. */
const LONG = 40_000

/**
 * true if each mask shows every token all before it, itself, and nothing after; else why not, in one line. `standIns`: attentions whose new keys and
 * values need not be computed for that.
 */
export async function areCausal(
  { model, layout, context }: RemedyTarget,
  attentions: readonly CachedAttention[],
  { evaluate, standIns }: Pick<RemedyTools, 'evaluate'> & { readonly standIns: readonly CachedAttention[] },
): Promise<true | string> {
  if (layout.inputs.ids === undefined) return 'it is fed embeddings, and what its masks show is found by feeding ids'
  const masks = attentions.map(({ mask }) => mask!)
  const part = partMaking(withoutLayers(model, layout, standIns), [...new Set(masks.map(({ name }) => name))])
  const long = Math.min(context ?? LONG, LONG) - 1
  const calls = [...CALLS, [long, 1] as const]
  const results = await evaluate(
    part,
    calls.map(([past, fresh]) => stepFeeds(part, layout, { past, fresh })),
  )
  for (const [at, [past, fresh]] of calls.entries()) {
    for (const mask of masks) {
      const wrong = wrongIn(results[at]![mask.name]!, mask, past, fresh)
      if (wrong !== null)
        return `${mask.name} ${wrong} with ${past} tokens held and ${fresh} new: a causal mask alone can be fused`
    }
  }
  return true
}

function wrongIn({ shape, data }: TensorValue, { kind }: Mask, past: number, fresh: number): string | null {
  const total = past + fresh
  const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1]
  if ((rows !== fresh && rows !== 1) || (columns !== total && columns !== 1)) return `has the shape ${shape.join('x')}`
  if (shape.slice(0, -2).some((size) => size !== 1)) return `differs between heads (${shape.join('x')})`
  const numbers = data as Float32Array | BigInt64Array
  for (let row = 0; row < fresh; row++) {
    for (let column = 0; column < total; column++) {
      const value = Number(numbers[(rows === 1 ? 0 : row) * columns + (columns === 1 ? 0 : column)])
      const isSeen = column <= past + row
      const fits =
        kind === 'added' ? (isSeen ? value === 0 : value <= FAR_BELOW) : (value !== 0) === (isSeen === (kind === 'seen'))
      if (!fits) return `is ${value} for token ${past + row} and key ${column}`
    }
  }
  return null
}

/** Rows of cosines and sines of the first half of a head. */
export interface Angles {
  readonly positions: number
  readonly half: number
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
  if (context === null || context > MOST_POSITIONS) return undefined
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
  return pairs.every(same) ? { positions: context, half, cos, sin } : undefined
}

/** As wide as half a head; of a table as wide as a head, whose halves are equal, one of them. */
function halves({ shape, data }: TensorValue, positions: number, size: number): Float32Array<ArrayBuffer> | undefined {
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
