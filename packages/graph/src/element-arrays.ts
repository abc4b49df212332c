// The typed array that holds a tensor of each dtype that is whole bytes: bool as bytes, float16 and bfloat16 as their bits.
import type { DType } from './types.ts'

export type ElementArray<Buffer extends ArrayBufferLike = ArrayBufferLike> =
  | Float32Array<Buffer>
  | Float64Array<Buffer>
  | Int8Array<Buffer>
  | Int16Array<Buffer>
  | Int32Array<Buffer>
  | BigInt64Array<Buffer>
  | Uint8Array<Buffer>
  | Uint16Array<Buffer>
  | Uint32Array<Buffer>
  | BigUint64Array<Buffer>

export interface ElementArrayType {
  readonly BYTES_PER_ELEMENT: number
  new (count: number): ElementArray<ArrayBuffer>
  new <Buffer extends ArrayBufferLike>(buffer: Buffer, byteOffset: number, count: number): ElementArray<Buffer>
}

export const ELEMENT_ARRAYS: Readonly<Partial<Record<DType, ElementArrayType>>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
}
