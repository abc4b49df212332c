// Element types: ONNX's numbers (TensorProto.DataType), their names here, and how many bits an element takes.
// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (TensorProto.DataType); types below 8 bits are packed, the first
// element in the lowest bits, and a tensor's last byte is padded.
import type { DType, TensorType } from './types.ts'

/** Number in the file, name, bits per element (undefined: no fixed size). */
const ELEMENT_TYPES: readonly (readonly [number, DType, number | undefined])[] = [
  [1, 'float32', 32],
  [2, 'uint8', 8],
  [3, 'int8', 8],
  [4, 'uint16', 16],
  [5, 'int16', 16],
  [6, 'int32', 32],
  [7, 'int64', 64],
  [8, 'string', undefined],
  [9, 'bool', 8],
  [10, 'float16', 16],
  [11, 'float64', 64],
  [12, 'uint32', 32],
  [13, 'uint64', 64],
  [14, 'complex64', 64],
  [15, 'complex128', 128],
  [16, 'bfloat16', 16],
  [17, 'float8e4m3fn', 8],
  [18, 'float8e4m3fnuz', 8],
  [19, 'float8e5m2', 8],
  [20, 'float8e5m2fnuz', 8],
  [21, 'uint4', 4],
  [22, 'int4', 4],
  [23, 'float4e2m1', 4],
  [24, 'float8e8m0', 8],
  [25, 'uint2', 2],
  [26, 'int2', 2],
]

const NAME_BY_NUMBER = new Map(ELEMENT_TYPES.map(([number, dtype]) => [number, dtype]))
const NUMBER_BY_NAME = new Map(ELEMENT_TYPES.map(([number, dtype]) => [dtype, number]))
const BITS_BY_NAME = new Map(ELEMENT_TYPES.map(([, dtype, bits]) => [dtype, bits]))

/** The name of ONNX's element type `number`; undefined for 0 (undefined) and for numbers that ONNX 1.20 does not know. */
export function dtypeOf(number: number): DType | undefined {
  return NAME_BY_NUMBER.get(number)
}

/** Whether it is the name of an element type. */
export const isDType = (name: string): name is DType => NUMBER_BY_NAME.has(name as DType)

/** ONNX's number (TensorProto.DataType) for an element type. */
export function dataTypeOf(dtype: DType): number {
  return NUMBER_BY_NAME.get(dtype)!
}

/** Bits that one element takes in memory; undefined for strings. */
export function bitsPerElement(dtype: DType): number | undefined {
  return BITS_BY_NAME.get(dtype)
}

/** Product of the dimensions, as a number (exact up to 2^53); 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  let count = 1
  for (const dimension of shape) count *= dimension
  return count
}

/** Bytes of a dense tensor, with elements below 8 bits packed; undefined for strings, whose size lies in their values. */
export function sizeInBytes(type: TensorType): number | undefined {
  const bits = bitsPerElement(type.dtype)
  return bits === undefined ? undefined : Math.ceil((elementCount(type.shape) * bits) / 8)
}

/** True for floating point of any width. */
export function isFloat(dtype: DType): boolean {
  return dtype.startsWith('float') || dtype === 'bfloat16'
}

/** True for signed and unsigned integers of any width, not for bool. */
export function isInteger(dtype: DType): boolean {
  return dtype.startsWith('int') || dtype.startsWith('uint')
}
