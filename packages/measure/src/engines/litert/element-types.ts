// Element types by TensorFlow Lite's numbers (TfLiteType), which LiteRT keeps.
import type { DType } from '@whyslow/graph/types.ts'

/** Strings are packed in a way of their own, and are not fed here. */
const CODES: Readonly<Partial<Record<DType, number>>> = {
  float32: 1,
  int32: 2,
  uint8: 3,
  int64: 4,
  bool: 6,
  int16: 7,
  int8: 9,
  float16: 10,
  float64: 11,
  uint64: 13,
  uint32: 16,
  uint16: 17,
  bfloat16: 19,
}

/** null of a type that is not read here. */
export function dtypeOf(code: number): DType | null {
  return (Object.keys(CODES) as DType[]).find((dtype) => CODES[dtype] === code) ?? null
}
