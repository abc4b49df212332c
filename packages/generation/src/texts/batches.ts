// Texts in batches: which are together, how long each batch is, and what a batch is fed.
import type { Feeds, TensorValue } from '@whyslow/measure/engines/types.ts'
import type { TextEncoder, TextInput } from '../recognize/text-encoder.ts'
import type { TextsPlan, TextsWay } from './texts-plan.ts'

/** Places of texts, in batches of `size`, as they come or by their length. */
export function batchesOf(lengths: readonly number[], size: number, order: 'given' | 'sorted'): number[][] {
  const places = lengths.map((_, at) => at)
  if (order === 'sorted') places.sort((a, b) => lengths[a]! - lengths[b]! || a - b)
  return Array.from({ length: Math.ceil(places.length / size) }, (_, at) => places.slice(at * size, (at + 1) * size))
}

/** Positions that batches compute, each as long as its longest text and at least as `length`. */
export const positionsOf = (batches: readonly (readonly number[])[], lengths: readonly number[], length: number | null): number =>
  batches.reduce((sum, batch) => sum + batch.length * Math.max(length ?? 0, ...batch.map((at) => lengths[at]!)), 0)

/** What every batch of a way is padded to at least; null: its longest text alone says. `maximum`: what ways pad to that pad to the maximum. */
export const paddedToIn = (
  { padding }: Pick<TextsWay, 'padding'>,
  { fixedLength, maximum }: Pick<TextEncoder, 'fixedLength'> & Pick<TextsPlan, 'maximum'>,
): number | null => fixedLength ?? (padding === 'maximum' ? maximum : null)

/** Tokens of texts after they were cut to `longest`. */
export const cutLengths = (lengths: readonly number[], longest: number | null): number[] =>
  lengths.map((length) => Math.min(length, longest ?? length))

/** What is put in front of a text's own tokens, and behind them. */
export interface SpecialTokens {
  readonly before: readonly number[]
  readonly after: readonly number[]
}

/** `whole`: the ids of a text with its special tokens. `bare`: without. */
export function specialTokensOf(whole: readonly number[], bare: readonly number[]): SpecialTokens {
  const last = whole.length - bare.length
  for (let at = 0; at <= last; at++)
    if (bare.every((id, k) => whole[at + k] === id)) return { before: whole.slice(0, at), after: whole.slice(at + bare.length) }
  return { before: [], after: [] }
}

/** As many ids as the model takes; the special tokens at the end stay. */
export function truncateIds(ids: readonly number[], most: number | null, { after }: SpecialTokens): readonly number[] {
  if (most === null || ids.length <= most) return ids
  const kept = Math.max(0, most - after.length)
  return [...ids.slice(0, kept), ...after].slice(0, most)
}

type Fed = Pick<TextEncoder, 'inputs' | 'emptyCaches' | 'padding'>

/** The texts padded to `length`. */
export function feedsOf(texts: readonly (readonly number[])[], length: number, { inputs, emptyCaches, padding }: Fed): Feeds {
  const shape = [texts.length, length]
  const size = texts.length * length
  const starts = texts.map((ids) => (padding.side === 'left' ? length - ids.length : 0))
  const made = (input: TextInput, fill: number, valueAt: (ids: readonly number[], k: number) => number): TensorValue => {
    if (input.dtype === 'int32') {
      const data = new Int32Array(size).fill(fill)
      texts.forEach((ids, row) => {
        for (let k = 0; k < ids.length; k++) data[row * length + starts[row]! + k] = valueAt(ids, k)
      })
      return { dtype: 'int32', shape, data }
    }
    const data = new BigInt64Array(size).fill(BigInt(fill))
    texts.forEach((ids, row) => {
      for (let k = 0; k < ids.length; k++) data[row * length + starts[row]! + k] = BigInt(valueAt(ids, k))
    })
    return { dtype: 'int64', shape, data }
  }
  const { ids, mask, types, positions } = inputs
  return {
    [ids.name]: made(ids, padding.id, (own, k) => own[k]!),
    ...(mask === undefined ? {} : { [mask.name]: made(mask, 0, () => 1) }),
    ...(types === undefined ? {} : { [types.name]: made(types, 0, () => 0) }),
    ...(positions === undefined ? {} : { [positions.name]: made(positions, 0, (_, k) => k) }),
    ...Object.fromEntries(
      emptyCaches.map(({ name, dtype, shape }) => [name, emptyCache(dtype, [texts.length, ...shape.slice(1)])]),
    ),
  }
}

const emptyCache = (dtype: 'float32' | 'float16', shape: readonly number[]): TensorValue => ({
  dtype,
  shape,
  data: dtype === 'float32' ? new Float32Array(0) : new Uint16Array(0),
})
