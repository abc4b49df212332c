// Constants while a graph is written: their type, shape, and content as a typed array in row-major order (strings as strings).

import type { TensorProto } from 'onnx-buf'
import { rawTensor, stringTensor } from '../build.ts'
import { elementCount } from '../dtype.ts'
import { ELEMENT_ARRAYS, type ElementArray } from '../element-arrays.ts'
import type { DType } from '../types.ts'
import { isIdentity } from './permutation.ts'

/** Content in memory: bool as Uint8Array, float16 and bfloat16 as their bits in a Uint16Array. */
export type ConstantArray = ElementArray<ArrayBuffer>

export interface ConstantData {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data: ConstantArray | readonly string[]
}

/** float32, row-major; a list is copied, an array taken as it is. */
export function float32s(shape: readonly number[], values: Float32Array<ArrayBuffer> | readonly number[]): ConstantData {
  return { dtype: 'float32', shape, data: values instanceof Float32Array ? values : Float32Array.from(values) }
}

/** A float32 scalar (rank 0). */
export function float32(value: number): ConstantData {
  return float32s([], [value])
}

/** A list of int64 (rank 1). */
export function int64s(values: readonly number[]): ConstantData {
  return { dtype: 'int64', shape: [values.length], data: BigInt64Array.from(values, BigInt) }
}

/** Zeros. Throws a TypeError for types that no array has (strings, and what is smaller than a byte). */
export function arrayFor(dtype: DType, count: number): ConstantArray {
  const Kind = ELEMENT_ARRAYS[dtype]
  if (Kind === undefined) throw new TypeError(`${dtype} has no numbers here`)
  return new Kind(count)
}

/** A view where the bytes are on a multiple of the element's size, else a copy; undefined for types that no array has. */
export function arrayOver(dtype: DType, bytes: Uint8Array, count: number): ConstantArray | undefined {
  const Kind = ELEMENT_ARRAYS[dtype]
  if (Kind === undefined) return undefined
  const aligned = bytes.byteOffset % Kind.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice()
  return new Kind(aligned.buffer as ArrayBuffer, aligned.byteOffset, count)
}

/** The numbers of a constant; int64 as numbers. Throws a TypeError for strings and for float16 and bfloat16, which are bits here. */
export function numbersOf({ dtype, data }: ConstantData): number[] {
  if (!ArrayBuffer.isView(data) || dtype === 'float16' || dtype === 'bfloat16')
    throw new TypeError(`${dtype} has no numbers here`)
  return Array.from(data as ArrayLike<number | bigint>, Number)
}

/** The axes of a constant in another order: axis `k` of the result is axis `permutation[k]` of what is given. A copy. */
export function transposeConstant(constant: ConstantData, permutation: readonly number[]): ConstantData {
  const { dtype, shape, data } = constant
  const to = permutation.map((axis) => shape[axis]!)
  if (isIdentity(permutation)) return constant
  const merged = withoutSplitAxes(shape, permutation)
  const count = elementCount(shape)
  const source = data as unknown as Record<number, unknown>
  const result = (Array.isArray(data)
    ? new Array(count)
    : new (data.constructor as Float32ArrayConstructor)(count)) as unknown as Record<number, unknown>
  const last = merged.length - 1
  const [inner, innerStep] = merged[last] ?? [1, 1]
  const index = merged.map(() => 0)
  let from = 0
  for (let at = 0; at < count; ) {
    for (let k = 0, read = from; k < inner; k++, read += innerStep) result[at++] = source[read]
    // The next row of the result, as an odometer turns; `from` follows it in the source.
    for (let axis = last - 1; axis >= 0; axis--) {
      const [size, step] = merged[axis]!
      from += step
      if (++index[axis]! < size) break
      from -= step * size
      index[axis] = 0
    }
  }
  return { dtype, shape: to, data: result as unknown as ConstantArray }
}

/** Size and step in the source of each axis of the result; axes that stay neighbours are one. */
function withoutSplitAxes(shape: readonly number[], permutation: readonly number[]): (readonly [number, number])[] {
  const merged: [number, number][] = []
  for (const [k, axis] of permutation.entries()) {
    const before = merged.at(-1)
    const step = elementCount(shape.slice(axis + 1))
    if (before !== undefined && permutation[k - 1] === axis - 1) merged[merged.length - 1] = [before[0] * shape[axis]!, step]
    else merged.push([shape[axis]!, step])
  }
  return merged
}

/** The same content under another shape of as many elements. */
export function reshapeConstant({ dtype, data }: ConstantData, shape: readonly number[]): ConstantData {
  return { dtype, shape, data }
}

/** The initializer that holds it; typed arrays are not copied. */
export function tensorOf(name: string, { dtype, shape, data }: ConstantData): TensorProto {
  if (!ArrayBuffer.isView(data)) return stringTensor(name, shape, data)
  return rawTensor(name, dtype, shape, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
}
