// OpenVINO's numbers of element types (ov_element_type_e of openvino/c/ov_common.h). Before 2025.2 a first one, UNDEFINED, stood before
// the others: the size of a tensor tells which numbers a library has.
import type { DType } from '../../graph/types.ts'
import type { TensorValue } from '../types.ts'
import type { OpenvinoApi } from './c-api.ts'

type ArrayType = new (buffer: ArrayBuffer) => ArrayBufferView

/**
 * From 2025.2 on: the number, and what its elements are held in. ship/shipped/openvino.mjs has them once more, since a folder that is handed
 * over holds nothing of ours; its test holds them against these.
 */
const TYPES: Readonly<Partial<Record<DType, readonly [code: number, array: ArrayType]>>> = {
  bool: [1, Uint8Array],
  bfloat16: [2, Uint16Array],
  float16: [3, Uint16Array],
  float32: [4, Float32Array],
  float64: [5, Float64Array],
  int8: [7, Int8Array],
  int16: [8, Int16Array],
  int32: [9, Int32Array],
  int64: [10, BigInt64Array],
  uint8: [16, Uint8Array],
  uint16: [17, Uint16Array],
  uint32: [18, Uint32Array],
  uint64: [19, BigUint64Array],
}
const FLOAT64 = TYPES.float64![0]
const FLOAT64_BYTES = 8

const shifts = new WeakMap<OpenvinoApi, number>()

/** What is added to the numbers of today. */
function shiftOf(api: OpenvinoApi): number {
  const known = shifts.get(api)
  if (known !== undefined) return known
  const tensor = api.got('tensor_create', FLOAT64, { rank: 1, dims: [1] })
  const bytes = Number(api.got<number | bigint>('tensor_get_byte_size', tensor))
  api.free('tensor', tensor)
  const shift = bytes === FLOAT64_BYTES ? 0 : 1
  shifts.set(api, shift)
  return shift
}

/** Throws where the C API cannot be fed with it. */
export function codeOf(api: OpenvinoApi, dtype: DType): number {
  const type = TYPES[dtype]
  if (type === undefined) throw new Error(`OpenVINO's C API is not fed with ${dtype}`)
  return type[0] + shiftOf(api)
}

/** null of a type that is not read here. */
export function dtypeOf(api: OpenvinoApi, code: number): DType | null {
  const own = code - shiftOf(api)
  return (Object.keys(TYPES) as DType[]).find((dtype) => TYPES[dtype]![0] === own) ?? null
}

/** `bytes`: of a buffer of their own. */
export const valueFrom = (dtype: DType, bytes: Uint8Array<ArrayBuffer>): TensorValue['data'] => new TYPES[dtype]![1](bytes.buffer)
