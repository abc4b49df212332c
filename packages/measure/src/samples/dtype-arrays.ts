// The typed array that holds each dtype, the 16-bit float formats JavaScript lacks, and casts that do not lose numbers.
// float16 is IEEE 754 binary16; bfloat16 is the upper half of a float32. Sub-byte types are packed, first element in the
// low bits, as ONNX stores them: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (TensorProto.raw_data)

import { bfloat16Value, float16Value } from '@whyslow/graph/decode.ts'
import { bitsPerElement, elementCount, sizeInBytes } from '@whyslow/graph/dtype.ts'
import { ELEMENT_ARRAYS, type ElementArray, type ElementArrayType } from '@whyslow/graph/element-arrays.ts'
import { toBfloat16, toFloat16 } from '@whyslow/graph/encode.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { DType } from '@whyslow/graph/types.ts'
import type { TensorValue } from '../engines/types.ts'

export { elementCount }

/** Every array `TensorValue.data` may be, strings apart. */
export type NumericArray = ElementArray

const BYTE_TYPES: typeof ELEMENT_ARRAYS = {
  ...ELEMENT_ARRAYS,
  float8e4m3fn: Uint8Array,
  float8e4m3fnuz: Uint8Array,
  float8e5m2: Uint8Array,
  float8e5m2fnuz: Uint8Array,
  float8e8m0: Uint8Array,
  // Two numbers an element: the real part first.
  complex64: Float32Array,
  complex128: Float64Array,
}

/** Lowest and highest number of each integer dtype. */
const INTEGER_RANGE: Readonly<Partial<Record<DType, readonly [number | bigint, number | bigint]>>> = {
  int8: [-128, 127],
  int16: [-32768, 32767],
  int32: [-2147483648, 2147483647],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint8: [0, 255],
  uint16: [0, 65535],
  uint32: [0, 4294967295],
  uint64: [0n, 2n ** 64n - 1n],
}

/** Bytes that `count` elements take; `undefined` for strings, which have no fixed size. */
export const byteLength = (dtype: DType, count: number): number | undefined => sizeInBytes({ dtype, shape: [count] })

/** A zero-filled array for `count` elements. Throws a RangeError for strings. */
export function arrayFor(dtype: DType, count: number): NumericArray {
  if (isPacked(dtype)) return new Uint8Array(byteLength(dtype, count)!)
  return new (arrayType(dtype))(count * numbersPerElement(dtype))
}

/**
 * Little-endian bytes seen as the dtype's array: no copy where the bytes lie aligned, else one.
 * Throws a RangeError if the length is not that of `count` elements.
 */
export function viewAs(dtype: DType, bytes: Uint8Array, count: number): NumericArray {
  if (bytes.byteLength !== byteLength(dtype, count)) {
    throw new RangeError(`${count} elements of ${dtype} take ${byteLength(dtype, count)} bytes, not ${bytes.byteLength}`)
  }
  if (isPacked(dtype)) return bytes
  const type = arrayType(dtype)
  const aligned = bytes.byteOffset % type.BYTES_PER_ELEMENT === 0 ? bytes : Uint8Array.from(bytes)
  return new type(aligned.buffer, aligned.byteOffset, count * numbersPerElement(dtype))
}

/** Whole numbers of 8 bits and more, whose elements can be cast one by one. bool is not one of them. */
export const isPlainInteger = (dtype: DType): boolean => INTEGER_RANGE[dtype] !== undefined
/** float16, bfloat16, float32 and float64. */
export const isPlainFloat = (dtype: DType): boolean => ['float16', 'bfloat16', 'float32', 'float64'].includes(dtype)

/** Element `index` as a number (a bigint for 64-bit integers). Strings, packed, float8 and complex types are refused. */
export function elementOf(tensor: TensorValue, index: number): number | bigint {
  const raw = (tensor.data as NumericArray)[index]!
  if (tensor.dtype === 'float16') return float16Value(raw as number)
  if (tensor.dtype === 'bfloat16') return bfloat16Value(raw as number)
  return raw
}

/**
 * Writes a number into an array of the dtype; false if it does not fit: a fraction or a number out of range for an integer
 * type, other than 0 and 1 for bool, a finite number that a narrower float could only hold as infinity. Floats may round.
 */
export function store(dtype: DType, array: NumericArray, index: number, value: number | bigint): boolean {
  if (dtype === 'bool') {
    array[index] = Number(value)
    return Number(value) === 0 || Number(value) === 1
  }
  const range = INTEGER_RANGE[dtype]
  if (range !== undefined) {
    if (value < range[0] || value > range[1]) return false
    if (typeof value === 'number' && !Number.isInteger(value)) return false
    array[index] = typeof range[0] === 'bigint' ? BigInt(value) : Number(value)
    return true
  }
  const number = Number(value)
  if (dtype === 'float16' || dtype === 'bfloat16') {
    const bits = dtype === 'float16' ? toFloat16(number) : toBfloat16(number)
    array[index] = bits
    return !Number.isFinite(number) || (bits & 0x7fff) < (dtype === 'float16' ? 0x7c00 : 0x7f80)
  }
  array[index] = number
  return !Number.isFinite(number) || Number.isFinite(array[index])
}

/**
 * The tensor in another dtype. Whole numbers stay exactly the same; floats are rounded where the new type is a narrower float.
 * Throws an InputError that names both dtypes if that cannot be; `what` begins its line ("input 'x' in data.npz").
 */
export function castTensor(tensor: TensorValue, dtype: DType, what: string): TensorValue {
  if (tensor.dtype === dtype) return tensor
  // NumPy has no bfloat16: its bits are kept in a uint16, in ONNX's test data too.
  if (tensor.dtype === 'uint16' && dtype === 'bfloat16') return { ...tensor, dtype }
  const refuse = (reason: string) =>
    new InputError(`${what} holds ${tensor.dtype}, the model takes ${dtype}: ${reason}; save it as ${dtype}`)
  if (!isPlainNumber(tensor.dtype) || !isPlainNumber(dtype)) throw refuse('the one is not turned into the other')
  const count = elementCount(tensor.shape)
  const data = arrayFor(dtype, count)
  const cast: TensorValue = { dtype, shape: tensor.shape, data }
  for (let index = 0; index < count; index++) {
    const value = elementOf(tensor, index)
    const fits = store(dtype, data, index, value)
    // biome-ignore lint/suspicious/noDoubleEquals: 5n == 5 compares a bigint with a number by value
    const same = isPlainFloat(tensor.dtype) || elementOf(cast, index) == value
    if (!fits || !same) throw refuse(`${value} at element ${index} does not fit`)
  }
  return cast
}

const isPlainNumber = (dtype: DType): boolean => isPlainInteger(dtype) || isPlainFloat(dtype) || dtype === 'bool'

/** Several elements share a byte. */
const isPacked = (dtype: DType): boolean => (bitsPerElement(dtype) ?? 8) < 8

const numbersPerElement = (dtype: DType): number => (dtype === 'complex64' || dtype === 'complex128' ? 2 : 1)

function arrayType(dtype: DType): ElementArrayType {
  const type = BYTE_TYPES[dtype]
  if (type === undefined) throw new RangeError(`${dtype} has no array of numbers`)
  return type
}
