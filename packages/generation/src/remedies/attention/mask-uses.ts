// What masks show, found by running the part of a decoder that makes them: all keys before a token, the last of them, or a bias on the scores.
import type { TensorValue } from '@whyslow/measure/engines/types.ts'
import type { RemedyTarget, RemedyTools } from '../kit/remedy.ts'
import { type CachedAttention, FAR_BELOW, type Mask } from './cached-attention.ts'
import { feedsOne, inFloat32, partMaking, stepFeeds, withoutLayers } from './evaluate-part.ts'

/** [tokens held, new tokens] of the calls that a mask is judged by; of one new token with a long past, a window would show. */
const CALLS = [
  [0, 1],
  [0, 5],
  [3, 1],
  [4, 3],
] as const
/** A past that is longer than the window of any model that has one, if the context is not known. */
const LONG = 40_000

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
