// A value of the user's program as plain data, whatever language it came from: a tree, with the numbers of arrays in buffers next to it.
// The same two things travel to a process of Node and to one of Python, and are what outputs are compared by.
import { bfloat16Value, float16Value } from '@whyslow/graph/decode.ts'
import { ELEMENT_ARRAYS, type ElementArrayType } from '@whyslow/graph/element-arrays.ts'

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

/** Numbers of one kind: typed arrays, NumPy's arrays, tensors, images, and lists that hold nothing but numbers. */
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

/** Complex numbers are pairs. */
const HELD: Readonly<Record<string, ElementArrayType>> = { ...ELEMENT_ARRAYS, complex64: Float32Array, complex128: Float64Array }
const BY_BITS: Readonly<Record<string, (bits: number) => number>> = { float16: float16Value, bfloat16: bfloat16Value }

/** The elements of an array; complex ones as twice as many numbers. null if the type is unknown here. */
export function elementsOf({ dtype, buffer }: ArrayTree, buffers: readonly Uint8Array[]): Elements | null {
  const Held = HELD[dtype]
  if (Held === undefined) return null
  const bytes = buffers[buffer] ?? new Uint8Array(0)
  const own = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes)
  const elements = new Held(own.buffer, own.byteOffset, Math.floor(own.byteLength / Held.BYTES_PER_ELEMENT))
  const value = BY_BITS[dtype]
  return value === undefined ? elements : Float32Array.from(elements as Uint16Array, value)
}

/** The number behind JSON's word for it. */
export const numberOf = (value: number | string): number => (value === '-0' ? -0 : Number(value))
