// Numbers out of a tensor's little-endian bytes, for every element type that ONNX stores.
// float8: https://onnx.ai/onnx/technical/float8.html, float4: https://onnx.ai/onnx/technical/float4.html
import { bitsPerElement } from './dtype.ts'
import type { DType } from './types.ts'

/**
 * The first `count` elements as numbers; int64 and uint64 beyond 2^53 are rounded. Undefined for strings and complex
 * numbers, which are not numbers here. `bytes` must hold at least `count` elements.
 */
export function decodeNumbers(bytes: Uint8Array, dtype: DType, count: number): number[] | undefined {
  const bits = bitsPerElement(dtype)
  const read = READERS[dtype]
  if (bits === undefined || read === undefined) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: count }, (_, index) => read(view, index, bits))
}

interface SmallFloat {
  readonly exponentBits: number
  readonly fractionBits: number
  readonly bias: number
  /** Which codes are no finite numbers. */
  readonly specials: 'ieee' | 'nan-all-ones' | 'nan-negative-zero' | 'finite'
}

const FLOAT16: SmallFloat = { exponentBits: 5, fractionBits: 10, bias: 15, specials: 'ieee' }
const E4M3FN: SmallFloat = { exponentBits: 4, fractionBits: 3, bias: 7, specials: 'nan-all-ones' }
const E4M3FNUZ: SmallFloat = { exponentBits: 4, fractionBits: 3, bias: 8, specials: 'nan-negative-zero' }
const E5M2: SmallFloat = { exponentBits: 5, fractionBits: 2, bias: 15, specials: 'ieee' }
const E5M2FNUZ: SmallFloat = { exponentBits: 5, fractionBits: 2, bias: 16, specials: 'nan-negative-zero' }
const E2M1: SmallFloat = { exponentBits: 2, fractionBits: 1, bias: 1, specials: 'finite' }

type Reader = (view: DataView, index: number, bits: number) => number

const READERS: Partial<Record<DType, Reader>> = {
  float32: (view, index) => view.getFloat32(index * 4, true),
  float64: (view, index) => view.getFloat64(index * 8, true),
  float16: (view, index) => float16Value(view.getUint16(index * 2, true)),
  bfloat16: (view, index) => bfloat16Value(view.getUint16(index * 2, true)),
  float8e4m3fn: (view, index) => smallFloat(view.getUint8(index), E4M3FN),
  float8e4m3fnuz: (view, index) => smallFloat(view.getUint8(index), E4M3FNUZ),
  float8e5m2: (view, index) => smallFloat(view.getUint8(index), E5M2),
  float8e5m2fnuz: (view, index) => smallFloat(view.getUint8(index), E5M2FNUZ),
  float8e8m0: (view, index) => (view.getUint8(index) === 255 ? NaN : 2 ** (view.getUint8(index) - 127)),
  float4e2m1: (view, index, bits) => smallFloat(packed(view, index, bits), E2M1),
  int8: (view, index) => view.getInt8(index),
  int16: (view, index) => view.getInt16(index * 2, true),
  int32: (view, index) => view.getInt32(index * 4, true),
  int64: (view, index) => Number(view.getBigInt64(index * 8, true)),
  uint8: (view, index) => view.getUint8(index),
  uint16: (view, index) => view.getUint16(index * 2, true),
  uint32: (view, index) => view.getUint32(index * 4, true),
  uint64: (view, index) => Number(view.getBigUint64(index * 8, true)),
  bool: (view, index) => view.getUint8(index),
  int4: (view, index, bits) => (packed(view, index, bits) << 28) >> 28,
  uint4: packed,
  int2: (view, index, bits) => (packed(view, index, bits) << 30) >> 30,
  uint2: packed,
}

/** A float16's value from its 16 bits. */
export function float16Value(bits: number): number {
  return smallFloat(bits, FLOAT16)
}

let all: Float32Array | undefined

/** Values of many float16, from a table of all 65,536: a weight of 100 million numbers takes a second instead of many. */
export function float16Values(bits: Uint16Array): Float32Array<ArrayBuffer> {
  all ??= Float32Array.from({ length: 2 ** 16 }, (_, each) => float16Value(each))
  const values = new Float32Array(bits.length)
  for (let at = 0; at < bits.length; at++) values[at] = all[bits[at]!]!
  return values
}

const scratch = new DataView(new ArrayBuffer(4))

/** A bfloat16's value from its 16 bits: the upper half of a float32. */
export function bfloat16Value(bits: number): number {
  scratch.setUint32(0, bits * 0x10000)
  return scratch.getFloat32(0)
}

function packed(view: DataView, index: number, bits: number): number {
  const perByte = 8 / bits
  return (view.getUint8(Math.floor(index / perByte)) >> ((index % perByte) * bits)) & ((1 << bits) - 1)
}

function smallFloat(code: number, { exponentBits, fractionBits, bias, specials }: SmallFloat): number {
  const fractionSize = 1 << fractionBits
  const fraction = code & (fractionSize - 1)
  const exponentMax = (1 << exponentBits) - 1
  const exponent = (code >> fractionBits) & exponentMax
  const sign = code >> (fractionBits + exponentBits) ? -1 : 1
  if (specials === 'ieee' && exponent === exponentMax) return fraction === 0 ? sign * Infinity : NaN
  if (specials === 'nan-all-ones' && exponent === exponentMax && fraction === fractionSize - 1) return NaN
  if (specials === 'nan-negative-zero' && sign < 0 && exponent === 0 && fraction === 0) return NaN
  if (exponent === 0) return sign * (fraction / fractionSize) * 2 ** (1 - bias)
  return sign * (1 + fraction / fractionSize) * 2 ** (exponent - bias)
}
