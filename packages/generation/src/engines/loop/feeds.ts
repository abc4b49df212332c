// What one call of a decoder is fed in addition to its cache: ids, mask and positions as tensors, made new only if they cannot be kept.
import { float16Values } from '@whyslow/graph/decode.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import { ELEMENT_ARRAYS } from '@whyslow/graph/element-arrays.ts'
import { toFloat16Clamped } from '@whyslow/graph/encode.ts'
import type { DType, ValueDeclaration } from '@whyslow/graph/types.ts'
import type { TensorValue } from '@whyslow/measure/engines/types.ts'
import { type DecoderLayout, type InputRole, listShape } from '../../recognize/layout.ts'

export interface StepTokens {
  readonly ids: readonly number[]
  /** Tokens in the cache before. */
  readonly past: number
  /** How many positions' logits are returned, if the graph has an input for it; 0: all. */
  readonly keep: number
}

/** A maker of feeds for one sequence. */
export function feedsFor({ inputs }: DecoderLayout): (fed: StepTokens) => Record<string, TensorValue> {
  const maskOf = growingMask(inputs.mask)
  return ({ ids, past, keep }) => {
    const total = past + ids.length
    const values: Partial<Record<InputRole, readonly number[] | number>> = {
      ids,
      positions: ids.map((_, k) => past + k),
      cachePositions: ids.map((_, k) => past + k),
      useCache: past > 0 ? 1 : 0,
      logitsToKeep: keep,
      lastPosition: total - 1,
      totalLength: total,
      pastLength: past,
    }
    const feeds: Record<string, TensorValue> = {}
    for (const [role, input] of Object.entries(inputs)) {
      const value = values[role as InputRole]
      if (value !== undefined) feeds[input.name] = tensorOf(input, value)
    }
    // What makes embeddings of them stands in between.
    if (inputs.ids === undefined && inputs.embeddings !== undefined)
      feeds[inputs.embeddings.name] = tensorOf({ dtype: 'int64', shape: null }, ids)
    if (inputs.mask !== undefined) feeds[inputs.mask.name] = maskOf(total)
    return feeds
  }
}

/** Ones, as long as needed; the array grows by half and is kept. */
export function growingMask(mask: ValueDeclaration | undefined): (length: number) => TensorValue {
  const dtype = mask?.dtype ?? 'int64'
  let ones = filled(dtype, 64)
  return (length) => {
    if (length > ones.length) ones = filled(dtype, Math.ceil(length * 1.5))
    return { dtype, shape: [1, length], data: ones.subarray(0, length) }
  }
}

const arrayOf = (dtype: DType) => ELEMENT_ARRAYS[dtype]!

function filled(dtype: DType, count: number) {
  const made = new (arrayOf(dtype))(count)
  if (made instanceof BigInt64Array || made instanceof BigUint64Array) made.fill(1n)
  // 0x3c00 is 1 as a float16.
  else made.fill(dtype === 'float16' ? 0x3c00 : 1)
  return made
}

/** A list as [1, n], or as often as the declared shape repeats it; one number as as many axes as are declared. */
export function tensorOf(
  { dtype, shape }: Pick<ValueDeclaration, 'dtype' | 'shape'>,
  value: readonly number[] | number,
): TensorValue {
  const type = dtype ?? 'int64'
  const list = typeof value === 'number' ? [value] : value
  const dims = typeof value === 'number' ? new Array<number>(shape?.length ?? 2).fill(1) : listShape(shape, list.length)
  const copies = elementCount(dims) / list.length
  const all = copies === 1 ? list : Array.from({ length: copies }, () => list).flat()
  return { dtype: type, shape: dims, data: numbers(type, all) }
}

/** The same numbers in the floats that an input declares: an encoder and its decoder need not compute in the same ones. */
export function inFloatsOf({ dtype }: Pick<ValueDeclaration, 'dtype'>, value: TensorValue): TensorValue {
  if (dtype === 'float16' && value.dtype === 'float32')
    return { ...value, dtype, data: toFloat16Clamped(value.data as Float32Array).bits }
  if (dtype === 'float32' && value.dtype === 'float16') return { ...value, dtype, data: float16Values(value.data as Uint16Array) }
  return value
}

function numbers(dtype: DType, values: readonly number[]) {
  const made = new (arrayOf(dtype))(values.length)
  if (made instanceof BigInt64Array || made instanceof BigUint64Array)
    for (const [k, value] of values.entries()) made[k] = BigInt(value)
  else made.set(values)
  return made
}
