// Element types by TensorFlow Lite's numbers (TfLiteType), which LiteRT keeps.
import type { DType } from '../../graph/types.ts'
import type { TensorValue } from '../types.ts'

type ArrayType = (new (buffer: ArrayBuffer) => ArrayBufferView) & { readonly BYTES_PER_ELEMENT: number }

/** The number, and what its elements are held in. Strings lie packed in a way of their own, and are not fed here. */
const TYPES: Readonly<Partial<Record<DType, readonly [code: number, array: ArrayType]>>> = {
  float32: [1, Float32Array],
  int32: [2, Int32Array],
  uint8: [3, Uint8Array],
  int64: [4, BigInt64Array],
  bool: [6, Uint8Array],
  int16: [7, Int16Array],
  int8: [9, Int8Array],
  float16: [10, Uint16Array],
  float64: [11, Float64Array],
  uint64: [13, BigUint64Array],
  uint32: [16, Uint32Array],
  uint16: [17, Uint16Array],
  bfloat16: [19, Uint16Array],
}

/** null of a type that is not read here. */
export function dtypeOf(code: number): DType | null {
  return (Object.keys(TYPES) as DType[]).find((dtype) => TYPES[dtype]![0] === code) ?? null
}

export const elementBytes = (dtype: DType): number => TYPES[dtype]![1].BYTES_PER_ELEMENT

/** `bytes`: of a buffer of their own. */
export const valueFrom = (dtype: DType, bytes: Uint8Array<ArrayBuffer>): TensorValue['data'] => new TYPES[dtype]![1](bytes.buffer)
