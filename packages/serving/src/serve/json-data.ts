// The data of a JSON tensor, flat or nested, as a typed array; and back.

import type { DType } from '@whyslow/graph/types.ts'
import type { TensorValue } from '@whyslow/measure/engines/types.ts'
import { arrayFor } from '@whyslow/measure/samples/dtype-arrays.ts'
import { badRequest, displayText, RequestError } from './protocol.ts'

export interface JsonData {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data: readonly unknown[]
  /** The same data with long integers as text; null if the dtype has none. */
  readonly exact: (() => unknown) | null
}

/** Lowest and highest of each integer dtype. */
const RANGES: Readonly<Partial<Record<DType, readonly [number, number]>>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-2147483648, 2147483647],
  uint32: [0, 4294967295],
}
const LONG: Readonly<Partial<Record<DType, readonly [bigint, bigint]>>> = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
}

/** Throws RequestError if the data are not those of the shape, or not of the dtype. */
export function arrayOf(tensor: JsonData): TensorValue['data'] {
  const { dtype, shape, data } = tensor
  const count = shape.reduce((product, size) => product * size, 1)
  const flat = flatten(tensor, data)
  if (flat.length !== count) throw badRequest(`input '${tensor.name}': ${flat.length} values are not the ${count} of its shape`)
  if (dtype === 'string') return flat.map((value) => (isText(value) ? value : refuse(tensor, value)))
  if (LONG[dtype] !== undefined) return longIntegers(tensor, flat)
  const array = arrayFor(dtype, count) as unknown as number[]
  for (let k = 0; k < count; k++) array[k] = numberOf(tensor, flat[k])
  return array as unknown as ArrayBufferView
}

/** Half of a pair of surrogates has no UTF-8: an engine would be given another character. */
const isText = (value: unknown): value is string => typeof value === 'string' && !/\p{Surrogate}/u.test(value)

function numberOf(tensor: JsonData, value: unknown): number {
  if (tensor.dtype === 'bool')
    return value === true || value === 1 ? 1 : value === false || value === 0 ? 0 : refuse(tensor, value)
  if (typeof value !== 'number') return refuse(tensor, value)
  const range = RANGES[tensor.dtype]
  if (range !== undefined && !(Number.isInteger(value) && value >= range[0] && value <= range[1])) return refuse(tensor, value)
  return value
}

function longIntegers(tensor: JsonData, flat: readonly unknown[]): BigInt64Array | BigUint64Array {
  const [low, high] = LONG[tensor.dtype]!
  const values = flat.every((value) => Number.isSafeInteger(value)) ? flat : flatten(tensor, tensor.exact!() as unknown[])
  const array = tensor.dtype === 'int64' ? new BigInt64Array(values.length) : new BigUint64Array(values.length)
  for (const [k, value] of values.entries()) {
    const isInteger = Number.isSafeInteger(value) || (typeof value === 'string' && typeof flat[k] === 'number')
    if (!isInteger) refuse(tensor, flat[k])
    const integer = BigInt(value as number | string)
    if (integer < low || integer > high) refuse(tensor, String(value))
    array[k] = integer
  }
  return array
}

const refuse = ({ name, dtype }: JsonData, value: unknown): never => {
  throw badRequest(`input '${name}': ${displayText(value)} is not ${dtype}`)
}

/** Flat as it is, or nested as the shape says: no deeper, however deep the request goes. */
function flatten({ name, shape }: JsonData, data: readonly unknown[]): readonly unknown[] {
  if (!data.some(Array.isArray)) return data
  let level: readonly unknown[] = data
  for (const size of shape.slice(1)) {
    if (!level.every((inner) => Array.isArray(inner) && inner.length === size))
      throw badRequest(`input '${name}': its data are nested otherwise than its shape says`)
    level = (level as unknown[][]).flat()
  }
  if (level.some(Array.isArray)) throw badRequest(`input '${name}': its data are nested deeper than its shape says`)
  return level
}

/** As JSON text. Throws RequestError (the client can ask for binary data) where JSON has no form of it. */
export function jsonOf(name: string, { dtype, data }: TensorValue): string {
  if (!ArrayBuffer.isView(data)) return JSON.stringify(data)
  if (dtype === 'float16' || dtype === 'bfloat16')
    throw new RequestError(400, `output '${name}': JSON has no form of 16-bit floats; ask for it as binary data`)
  const values = data as unknown as { readonly length: number; join(separator: string): string; readonly [k: number]: number }
  if (dtype === 'bool') return `[${Array.from({ length: values.length }, (_, k) => values[k] !== 0).join(',')}]`
  if (dtype === 'float32' || dtype === 'float64')
    for (let k = 0; k < values.length; k++)
      if (!Number.isFinite(values[k]))
        throw new RequestError(400, `output '${name}' holds ${values[k]}, which JSON cannot say; ask for it as binary data`)
  return `[${values.join(',')}]`
}
