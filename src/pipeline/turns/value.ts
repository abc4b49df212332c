// A value of the user's program as plain data, whatever language it came from: a tree, with the numbers of arrays in buffers beside it.
// The same two things travel to a process of Node and to one of Python, and are what outputs are compared by.

export type ValueTree =
  /** None, null, undefined. */
  | { readonly kind: 'nothing'; readonly type: string }
  | { readonly kind: 'truth'; readonly type: string; readonly value: boolean }
  /** Decimal digits, however many: Python's int and JavaScript's bigint have no end. */
  | { readonly kind: 'integer'; readonly type: string; readonly value: string }
  /** Words for what JSON has no number for: NaN, Infinity, -Infinity, -0. */
  | { readonly kind: 'number'; readonly type: string; readonly value: number | string }
  | { readonly kind: 'text'; readonly type: string; readonly value: string }
  | { readonly kind: 'bytes'; readonly type: string; readonly buffer: number }
  | ArrayTree
  | { readonly kind: 'list'; readonly type: string; readonly items: readonly ValueTree[] }
  | { readonly kind: 'map'; readonly type: string; readonly keys: readonly string[]; readonly values: readonly ValueTree[] }
  /** What cannot be looked into, by what it says of itself. */
  | { readonly kind: 'opaque'; readonly type: string; readonly text: string }

/** Numbers of one kind: typed arrays, NumPy's arrays, tensors, pictures, and lists that hold nothing but numbers. */
export interface ArrayTree {
  readonly kind: 'array'
  /** What held them: 'ndarray', 'Float32Array', 'Tensor', 'list', 'Image'. */
  readonly type: string
  /** As NumPy names it; 'complex64' and 'complex128' are pairs. */
  readonly dtype: string
  readonly shape: readonly number[]
  /** Which of the buffers: little-endian, row by row. */
  readonly buffer: number
}

/** What a process is sent, and sends. */
export interface Encoded {
  readonly tree: ValueTree
  readonly buffers: readonly Uint8Array[]
}

type Elements = Readonly<ArrayLike<number | bigint>>

/** The elements of an array; complex ones as twice as many numbers. null where the type is unknown here. */
export function elementsOf({ dtype, buffer }: ArrayTree, buffers: readonly Uint8Array[]): Elements | null {
  const bytes = buffers[buffer] ?? new Uint8Array(0)
  const own = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes)
  const at = <T>(Kind: new (buffer: ArrayBufferLike, offset: number, length: number) => T, size: number): T =>
    new Kind(own.buffer, own.byteOffset, Math.floor(own.byteLength / size))
  switch (dtype) {
    case 'float32':
    case 'complex64':
      return at(Float32Array, 4)
    case 'float64':
    case 'complex128':
      return at(Float64Array, 8)
    case 'float16':
      return Float32Array.from(at(Uint16Array, 2), fromFloat16)
    case 'int8':
      return at(Int8Array, 1)
    case 'uint8':
    case 'bool':
      return at(Uint8Array, 1)
    case 'int16':
      return at(Int16Array, 2)
    case 'uint16':
      return at(Uint16Array, 2)
    case 'int32':
      return at(Int32Array, 4)
    case 'uint32':
      return at(Uint32Array, 4)
    case 'int64':
      return at(BigInt64Array, 8)
    case 'uint64':
      return at(BigUint64Array, 8)
    default:
      return null
  }
}

/** IEEE 754 half precision. */
function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** The number behind JSON's word for it. */
export const numberOf = (value: number | string): number => (value === '-0' ? -0 : Number(value))
