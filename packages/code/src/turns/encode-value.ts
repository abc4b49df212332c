// Values of JavaScript as trees, and back. It runs in the process of the user's program: nothing here may throw for what a stranger returns.
import { elementCount } from '@whyslow/graph/dtype.ts'
import type { Encoded, ValueTree } from './value.ts'

/** Deeper than this is a circle, or a list of linked nodes. */
const DEEPEST = 64
/** Iterators may have no end. */
const MOST_ITEMS = 1_000_000

type Typed = Exclude<NodeJS.TypedArray, Uint8ClampedArray> | Uint8ClampedArray

const DTYPES: Readonly<Record<string, string>> = {
  Float32Array: 'float32',
  Float64Array: 'float64',
  Float16Array: 'float16',
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

/** NumPy's name for the elements of a typed array. */
export const dtypeOf = (array: object): string | undefined => DTYPES[typeOf(array)]

/** The value as plain data. */
export function encodeValue(value: unknown): Encoded {
  const buffers: Uint8Array[] = []
  const tree = encode(value, { buffers, path: [] })
  return { tree, buffers }
}

interface Encoding {
  readonly buffers: Uint8Array[]
  /** What it is inside of. */
  readonly path: readonly object[]
}

function encode(value: unknown, encoding: Encoding): ValueTree {
  switch (typeof value) {
    case 'undefined':
      return { kind: 'nothing', type: 'undefined' }
    case 'boolean':
      return { kind: 'truth', type: 'boolean', value }
    case 'bigint':
      return { kind: 'integer', type: 'bigint', value: String(value) }
    case 'number':
      return { kind: 'number', type: 'number', value: Number.isFinite(value) && !Object.is(value, -0) ? value : wordOf(value) }
    case 'string':
      return { kind: 'text', type: 'string', value }
    case 'object':
      return value === null ? { kind: 'nothing', type: 'null' } : encodeObject(value, encoding)
    default:
      return { kind: 'opaque', type: typeof value, text: String(value).slice(0, 100) }
  }
}

const wordOf = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

function encodeObject(value: object, { buffers, path }: Encoding): ValueTree {
  const type = typeOf(value)
  if (path.includes(value) || path.length > DEEPEST) return { kind: 'opaque', type, text: 'holds itself' }
  const inner = { buffers, path: [...path, value] }
  const put = (bytes: Uint8Array) => buffers.push(bytes) - 1
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return arrayTree(type, dtypeOf(value) ?? 'uint8', [(value as Typed).length], put(bytesOf(value)))
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer)
    return { kind: 'bytes', type, buffer: put(new Uint8Array(value).slice()) }
  if (value instanceof DataView) return { kind: 'bytes', type, buffer: put(bytesOf(value)) }
  const tensor = tensorIn(value)
  if (tensor !== null) return arrayTree(type, tensor.dtype, tensor.shape, put(tensor.bytes))
  if (Array.isArray(value)) return encodeArray(value, inner)
  if (value instanceof Date) return { kind: 'text', type, value: Number.isNaN(value.getTime()) ? 'no date' : value.toISOString() }
  if (value instanceof Set) return encodeItems([...value].slice(0, MOST_ITEMS), type, inner)
  if (value instanceof Map) {
    const entries = [...value]
    return {
      kind: 'map',
      type,
      keys: entries.map(([key]) => String(key)),
      values: entries.map(([, one]) => encode(one, inner)),
    }
  }
  if (value instanceof Error) return { kind: 'opaque', type, text: value.message }
  if (Symbol.iterator in value) return encodeItems(taken(value as Iterable<unknown>), type, inner)
  const keys = Object.keys(value).filter((key) => typeof (value as Record<string, unknown>)[key] !== 'function')
  return { kind: 'map', type, keys, values: keys.map((key) => encode((value as Record<string, unknown>)[key], inner)) }
}

const arrayTree = (type: string, dtype: string, shape: readonly number[], buffer: number): ValueTree => ({
  kind: 'array',
  type,
  dtype,
  shape,
  buffer,
})

function encodeArray(value: readonly unknown[], encoding: Encoding): ValueTree {
  if (value.length === 0 || !value.every((one) => typeof one === 'number')) return encodeItems(value, 'Array', encoding)
  const numbers = Float64Array.from(value)
  return arrayTree('Array', 'float64', [numbers.length], encoding.buffers.push(bytesOf(numbers)) - 1)
}

const encodeItems = (items: readonly unknown[], type: string, encoding: Encoding): ValueTree => ({
  kind: 'list',
  type,
  items: Array.from(items, (one) => encode(one, encoding)),
})

function taken(iterable: Iterable<unknown>): unknown[] {
  const items: unknown[] = []
  for (const one of iterable) if (items.push(one) >= MOST_ITEMS) break
  return items
}

const typeOf = (value: object): string => Object.getPrototypeOf(value)?.constructor?.name || 'Object'

/** A copy: what a program returns it may write into again. */
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength).slice()

const ELEMENT_BYTES: Readonly<Record<string, number>> = { float16: 2, float32: 4, float64: 8, int64: 8, uint64: 8 }

/** Tensors of onnxruntime ({ dims, type, data }) and of TensorFlow.js ({ shape, dtype, dataSync() }). */
function tensorIn(
  value: object,
): { readonly dtype: string; readonly shape: readonly number[]; readonly bytes: Uint8Array } | null {
  const { dims, shape, dtype, type, data, dataSync } = value as Record<string, unknown>
  try {
    const sizes = Array.isArray(dims) ? dims : Array.isArray(shape) ? shape : null
    if (sizes === null || !sizes.every((size) => Number.isInteger(size))) return null
    const held = typeof dataSync === 'function' ? dataSync.call(value) : data
    if (!ArrayBuffer.isView(held) || held instanceof DataView) return null
    const elements = (held as Typed).length
    if (elements !== elementCount(sizes)) return null
    const named = typeof type === 'string' ? type : typeof dtype === 'string' ? dtype : ''
    const own = dtypeOf(held) ?? 'uint8'
    const asNamed =
      named === 'bool' || (ELEMENT_BYTES[named] !== undefined && ELEMENT_BYTES[named] === held.byteLength / elements)
    return { dtype: asNamed ? named : own, shape: sizes, bytes: bytesOf(held) }
  } catch {
    return null
  }
}
