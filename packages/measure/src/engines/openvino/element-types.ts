// OpenVINO's numbers of element types (ov_element_type_e of openvino/c/ov_common.h). Before 2025.2 a first one, UNDEFINED, stood before
// the others: the size of a tensor tells which numbers a library has.
import type { DType } from '@whyslow/graph/types.ts'
import type { OpenvinoApi } from './c-api.ts'

/** Element type codes, from 2025.2 on. */
const CODES: Readonly<Partial<Record<DType, number>>> = {
  bool: 1,
  bfloat16: 2,
  float16: 3,
  float32: 4,
  float64: 5,
  int8: 7,
  int16: 8,
  int32: 9,
  int64: 10,
  uint8: 16,
  uint16: 17,
  uint32: 18,
  uint64: 19,
}
const FLOAT64_BYTES = 8

const shifts = new WeakMap<OpenvinoApi, number>()

/** What is added to the numbers of today. */
function shiftOf(api: OpenvinoApi): number {
  const known = shifts.get(api)
  if (known !== undefined) return known
  const tensor = api.got('tensor_create', CODES.float64, { rank: 1, dims: [1] })
  const bytes = Number(api.got<number | bigint>('tensor_get_byte_size', tensor))
  api.free('tensor', tensor)
  const shift = bytes === FLOAT64_BYTES ? 0 : 1
  shifts.set(api, shift)
  return shift
}

/** Throws if the C API cannot be fed with it. */
export function codeOf(api: OpenvinoApi, dtype: DType): number {
  const code = CODES[dtype]
  if (code === undefined) throw new Error(`OpenVINO's C API is not fed with ${dtype}`)
  return code + shiftOf(api)
}

/** null of a type that is not read here. */
export function dtypeOf(api: OpenvinoApi, code: number): DType | null {
  const own = code - shiftOf(api)
  return (Object.keys(CODES) as DType[]).find((dtype) => CODES[dtype] === own) ?? null
}
