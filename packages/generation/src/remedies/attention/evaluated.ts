// What a part of a decoder computes of its small inputs, found by running that part: a mask is causal and cosines are those of the positions, however
// an exporter wrote it. The part holds no weights but those that a shape is read from.

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
import { type CachedAttention, FAR_BELOW, type Mask } from './cached-attention.ts'

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

/** [tokens held, new tokens] of the calls that a mask is judged by; of one new token with a long past, a window would show. */
const CALLS = [
  [0, 1],
  [0, 5],
  [3, 1],
  [4, 3],
] as const
/** A past that is longer than the window of any model that has one, if the context is not known. */
const LONG = 40_000

/** Whether the graph takes one new token and no more: nothing comes after it that a mask would hide. */
export const feedsOne = ({ inputs: { ids } }: Pick<DecoderLayout, 'inputs'>): boolean =>
  ids?.shape?.length === 2 && ids.shape[1] === 1

/** What the masks of an attention are for the kernel, which hides all that comes later by itself. */
export interface MaskUse {
  /** How many keys they show, the token itself included; null: all before it. */
  readonly keys: number | null
  /** The mask that is added to the scores as it is; null: none is more than 0 or far below. */
  readonly bias: string | null
}
/** Each under the `maskKey` of its attentions. */
export type MaskUses = ReadonlyMap<string, MaskUse>

export const maskKey = ({ masks }: Pick<CachedAttention, 'masks'>): string =>
  masks.map(({ kind, name, scale }) => `${kind === 'hidden' ? 'not ' : ''}${name}${scale === 1 ? '' : ` * ${scale}`}`).join(' ')

/** A reason in one line if masks are no such use. `standIns`: attentions whose new keys and values need not be computed for that. */
export async function maskUsesOf(
  { model, layout, context }: RemedyTarget,
  attentions: readonly CachedAttention[],
  { evaluate, standIns }: Pick<RemedyTools, 'evaluate'> & { readonly standIns: readonly CachedAttention[] },
): Promise<MaskUses | string> {
  if (layout.inputs.ids === undefined) return 'it is fed embeddings, and what its masks show is found by feeding ids'
  const names = new Set(attentions.flatMap(({ masks }) => masks.map(({ name }) => name)))
  if (names.size === 0) return new Map()
  const part = partMaking(withoutLayers(model, layout, standIns), [...names])
  const long = Math.min(context ?? LONG, LONG) - 1
  const most = feedsOne(layout) ? 1 : Number.POSITIVE_INFINITY
  const evaluated = async (sizes: readonly (readonly [number, number])[]) => {
    const results = await evaluate(
      part,
      sizes.map(([past, fresh]) => stepFeeds(part, layout, { past, fresh })),
    )
    return ({ masks }: CachedAttention) =>
      sizes.map(([past, fresh], at): Call => {
        const shown = masks.map((mask) => shownBy(mask, results[at]![mask.name]!))
        return { past, fresh, total: past + fresh, masks: shown }
      })
  }
  const callsOf = await evaluated([...CALLS.filter(([, fresh]) => fresh <= most), [long, 1]])
  const uses = new Map<string, MaskUse>()
  for (const attention of attentions) {
    const key = maskKey(attention)
    if (key === '' || uses.has(key)) continue
    const calls = callsOf(attention)
    const keys = calls.some((call) => misfitIn(call) !== null) ? null : windowIn(calls.at(-1)!)
    const more = keys === null ? [] : (await evaluated(slidCalls(keys, { long, most })))(attention)
    const use = useOf(attention, keys, [...calls, ...more])
    if (typeof use === 'string') return use
    uses.set(key, use)
  }
  return uses
}

/**
 * Calls that show whether a window slides: chunks end at the same place for several tokens, and a mask may be cut for all rows by the last one.
 * Places are within the context.
 */
function slidCalls(keys: number, { long, most }: { readonly long: number; readonly most: number }) {
  const fresh = Math.min(3, most, long + 1)
  return [[Math.min(keys + 2, long + 1 - fresh), fresh] as const, [long - Math.floor(keys / 2), 1] as const]
}

const inFloat32 = (value: TensorValue): TensorValue =>
  value.dtype === 'float16' ? { ...value, dtype: 'float32', data: float16Values(value.data as Uint16Array) } : value

/** A mask with its values; what it adds is as the softmax gets it. */
function shownBy(mask: Mask, value: TensorValue): ShownMask {
  const { shape, dtype, data } = inFloat32(value)
  const isScaled = mask.kind === 'added' && mask.scale !== 1
  return { ...mask, shape, dtype, data: isScaled ? (data as Float32Array).map((one) => one * mask.scale) : data }
}

interface Call {
  readonly past: number
  readonly fresh: number
  readonly total: number
  readonly masks: readonly ShownMask[]
}

type ShownMask = Mask & TensorValue

function useOf(attention: CachedAttention, keys: number | null, calls: readonly Call[]): MaskUse | string {
  const misfit = calls.map(misfitIn).find((one) => one !== null)
  const wrong = misfit ?? calls.map((call) => wrongIn(call, keys)).find((one) => one !== null)
  if (wrong === undefined) return { keys, bias: null }
  const bias = attention.masks.find(({ name }) => calls.every((call) => isBias(call, name, attention.heads)))
  return bias === undefined ? `${wrong}: only masks that hide all later tokens can be fused` : { keys: null, bias: bias.name }
}

/** A mask that cannot be of queries and keys alone. */
function misfitIn({ fresh, total, masks }: Call): string | null {
  for (const { name, shape } of masks) {
    const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1]
    if ((rows !== fresh && rows !== 1) || (columns !== total && columns !== 1)) return `${name} has the shape ${shape.join('x')}`
    if (shape.slice(0, -2).some((size) => size !== 1)) return `${name} differs between heads (${shape.join('x')})`
  }
  return null
}

function valueAt({ shape, data }: ShownMask, row: number, column: number): number {
  const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1]
  const numbers = data as Float32Array | BigInt64Array
  return Number(numbers[(rows === 1 ? 0 : row) * columns + (columns === 1 ? 0 : column)])
}

function shows(mask: ShownMask, row: number, column: number): boolean {
  const value = valueAt(mask, row, column)
  return mask.kind === 'added' ? value > FAR_BELOW : (value !== 0) === (mask.kind === 'seen')
}

/** What the last token sees, in keys; null: nothing before it is hidden. */
function windowIn({ past, fresh, total, masks }: Call): number | null {
  let first = 0
  while (first < total && !masks.every((mask) => shows(mask, fresh - 1, first))) first++
  return first === 0 ? null : past + fresh - first
}

/** What the masks show is not each token and the `keys` - 1 before it, or they add to its scores. */
function wrongIn({ past, fresh, total, masks }: Call, keys: number | null): string | null {
  const from = keys ?? Number.POSITIVE_INFINITY
  for (let row = 0; row < fresh; row++) {
    const place = past + row
    for (let column = 0; column < total; column++) {
      const isSeen = column <= place && column > place - from
      const hiding = masks.find((mask) => !shows(mask, row, column))
      const adding = isSeen ? masks.find((mask) => mask.kind === 'added' && valueAt(mask, row, column) !== 0) : undefined
      const wrong = isSeen ? (hiding ?? adding) : hiding === undefined ? masks[0] : undefined
      if (wrong !== undefined)
        return `${wrong.name} is ${valueAt(wrong, row, column)} for token ${place} and key ${column} with ${past} tokens held and ${fresh} new`
    }
  }
  return null
}

/** Whether all that is hidden but does not come later is hidden by this mask, which has the shape in which the kernel takes it. */
function isBias({ past, fresh, total, masks }: Call, name: string, heads: number): boolean {
  const mask = masks.find((one) => one.name === name)!
  const [batch, own, rows, columns, ...more] = mask.shape
  const isFitting = batch === 1 && (own === 1 || own === heads) && rows === fresh && columns === total && more.length === 0
  // The kernel scales the product alone.
  if (mask.kind !== 'added' || mask.scale !== 1 || !isFitting) return false
  const others = masks.filter((one) => one !== mask)
  const values = mask.data as Float32Array
  return (
    values.every((value, at) => {
      const [row, column] = [Math.floor(at / total) % fresh, at % total]
      const isLater = column > past + row
      if (others.some((one) => !shows(one, row, column))) return isLater || value <= FAR_BELOW
      return isLater ? value <= FAR_BELOW : !Number.isNaN(value)
    }) && others.every((one) => misfitIn({ past, fresh, total, masks: [one] }) === null && isPlain(one))
  )
}

/** Adds nothing. */
const isPlain = ({ kind, data }: ShownMask): boolean =>
  kind !== 'added' || (data as Float32Array).every((value) => value === 0 || value <= FAR_BELOW)

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
