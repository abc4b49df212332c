// A tensor's elements as numbers, and whether two tensors are the same bytes.

import { isFloat } from '@whyslow/graph/dtype.ts'
import type { DType } from '@whyslow/graph/types.ts'
import type { TensorValue } from '../engines/types.ts'
import { elementCount, elementOf, isPlainFloat, isPlainInteger } from '../samples/dtype-arrays.ts'

/** Elements by index; float32 and float64 arrays as they are. */
export type Numbers = Readonly<ArrayLike<number>>

/** null for strings and for packed, float8 and complex types, which are compared bit for bit only. 64-bit integers are rounded beyond 2^53. */
export function numbersOf(tensor: TensorValue): Numbers | null {
  if (tensor.dtype === 'float32' || tensor.dtype === 'float64') return tensor.data as Float32Array
  if (!isPlainFloat(tensor.dtype) && !isPlainInteger(tensor.dtype) && tensor.dtype !== 'bool') return null
  return Float64Array.from({ length: elementCount(tensor.shape) }, (_, index) => Number(elementOf(tensor, index)))
}

/** Same strings, or same bytes. */
export function sameBits(a: TensorValue, b: TensorValue): boolean {
  if (a.dtype === 'string') {
    const [left, right] = [a.data as readonly string[], b.data as readonly string[]]
    return left.length === right.length && left.every((text, index) => text === right[index])
  }
  const [left, right] = [bytesOf(a), bytesOf(b)]
  return Buffer.compare(left, right) === 0
}

const bytesOf = ({ data }: TensorValue): Uint8Array => {
  const view = data as ArrayBufferView
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}

/** How many elements of two tensors of one dtype and shape are equal. Packed, float8 and complex types count as whole or not at all. */
export function equalElements(a: TensorValue, b: TensorValue): number {
  const count = elementCount(a.shape)
  const isNumeric = isPlainFloat(a.dtype) || isPlainInteger(a.dtype) || a.dtype === 'bool'
  if (!isNumeric && a.dtype !== 'string') return sameBits(a, b) ? count : 0
  // float16 and bfloat16 as numbers, so that 0 equals -0; all else as it is stored, 64-bit integers whole.
  const isHalf = isPlainFloat(a.dtype) && spacingOf(a.dtype) > 0
  const [left, right] = (isHalf ? [numbersOf(a)!, numbersOf(b)!] : [a.data, b.data]) as ArrayLike<unknown>[]
  let equal = 0
  for (let k = 0; k < count; k++) {
    const [x, y] = [left![k], right![k]]
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) equal++
  }
  return equal
}

/** Distance of neighbouring numbers near 1: rounding cannot be finer. 0 for wider types, where other bounds are coarser. */
export function spacingOf(dtype: DType): number {
  if (dtype === 'float16') return 2 ** -10
  return dtype === 'bfloat16' ? 2 ** -7 : 0
}

/** Floats that can be taken as numbers. */
export const isRealFloat = (dtype: DType): boolean => isFloat(dtype) && isPlainFloat(dtype)
