// What a JavaScript value is, as far as looking at it costs nothing.
import type { ValueFact } from '../facts.ts'

/** Items of a list that are looked at to tell what it holds. */
const LOOKED_AT = 16

const NOTHING: ValueFact = {
  kind: 'nothing',
  dtype: null,
  shape: null,
  length: null,
  bytes: null,
  contiguous: null,
  device: null,
}

const DTYPES: Readonly<Record<string, string>> = {
  Float32Array: 'float32',
  Float64Array: 'float64',
  Int8Array: 'int8',
  Uint8Array: 'uint8',
  Uint8ClampedArray: 'uint8',
  Buffer: 'uint8',
  Int16Array: 'int16',
  Uint16Array: 'uint16',
  Int32Array: 'int32',
  Uint32Array: 'uint32',
  BigInt64Array: 'int64',
  BigUint64Array: 'uint64',
}

/** Never throws: a value may be a trap. */
export function valueFact(value: unknown): ValueFact {
  try {
    return factOf(value)
  } catch {
    return { ...NOTHING, kind: 'object' }
  }
}

function factOf(value: unknown): ValueFact {
  if (value === undefined || value === null) return NOTHING
  if (typeof value === 'string') return { ...NOTHING, kind: 'string', length: value.length, bytes: value.length }
  if (typeof value === 'number' || typeof value === 'bigint') return { ...NOTHING, kind: 'number', dtype: typeof value }
  if (typeof value !== 'object') return { ...NOTHING, kind: 'object' }
  if (Array.isArray(value)) return arrayFact(value)
  if (ArrayBuffer.isView(value)) {
    const { length, byteLength } = value as Float32Array
    const dtype = DTYPES[value.constructor.name] ?? null
    return { ...NOTHING, kind: 'typed-array', dtype, shape: [length], length, bytes: byteLength, contiguous: true }
  }
  return tensorFact(value as Tensor) ?? { ...NOTHING, kind: 'object', length: Object.keys(value).length }
}

function arrayFact(value: readonly unknown[]): ValueFact {
  const shape: number[] = []
  let inner: unknown = value
  while (Array.isArray(inner) && shape.length < 8) {
    shape.push(inner.length)
    inner = inner[0]
  }
  const looked = value.slice(0, LOOKED_AT)
  const isNumbers =
    shape.length > 1 ? typeof inner === 'number' : looked.length > 0 && looked.every((one) => typeof one === 'number')
  const length = shape.reduce((product, size) => product * size, 1)
  return { ...NOTHING, kind: 'array', dtype: isNumbers ? 'number' : 'mixed', shape, length, bytes: null }
}

interface Tensor {
  readonly dims?: unknown
  readonly shape?: unknown
  readonly type?: unknown
  readonly dtype?: unknown
  readonly location?: unknown
}

/** onnxruntime's has dims and type, tfjs's shape and dtype. */
function tensorFact({ dims, shape = dims, type, dtype = type, location }: Tensor): ValueFact | null {
  if (!Array.isArray(shape) || typeof dtype !== 'string' || !shape.every((size) => typeof size === 'number')) return null
  const length = (shape as number[]).reduce((product, size) => product * size, 1)
  const device = typeof location === 'string' ? location : 'cpu'
  return { ...NOTHING, kind: 'tensor', dtype, shape: shape as number[], length, contiguous: true, device }
}
