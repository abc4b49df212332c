import { bfloat16Value, float16Value } from '@whyslow/graph/decode.ts'
import { toBfloat16, toFloat16 } from '@whyslow/graph/encode.ts'
import type { DType } from '@whyslow/graph/types.ts'
import { describe, expect, it } from 'vitest'
import type { TensorValue } from '../engines/types.ts'
import { arrayFor, byteLength, castTensor, type NumericArray, viewAs } from './dtype-arrays.ts'

const tensor = (dtype: DType, data: NumericArray): TensorValue => ({ dtype, shape: [data.length], data })
const cast = (value: TensorValue, dtype: DType) => Array.from(castTensor(value, dtype, "input 'x'").data as Float32Array)

describe('float16', () => {
  it('gives every one of the 65536 bit patterns back', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = float16Value(bits)
      if (Number.isNaN(value)) expect(float16Value(toFloat16(value))).toBeNaN()
      else if (toFloat16(value) !== bits) throw new Error(`${bits.toString(16)} came back as ${toFloat16(value).toString(16)}`)
    }
  })
  it('rounds to the nearest, ties to even', () => {
    // Between 1 and 2 a step is 2^-10: half a step above 1 ties down to even 1, half a step above 1+2^-10 ties up to 1+2^-9.
    expect(float16Value(toFloat16(1 + 2 ** -11))).toBe(1)
    expect(float16Value(toFloat16(1 + 3 * 2 ** -11))).toBe(1 + 2 ** -9)
    // 65519.9 is nearer to 65504 than to the 65536 that is not there; 65520 is the tie and becomes infinity.
    expect(float16Value(toFloat16(65519))).toBe(65504)
    expect(float16Value(toFloat16(65520))).toBe(Number.POSITIVE_INFINITY)
    // Half the smallest subnormal ties to 0, a little more gives the smallest, 2^-24.
    expect(toFloat16(2 ** -25)).toBe(0)
    expect(float16Value(toFloat16(2 ** -25 * 1.01))).toBe(2 ** -24)
  })
})

describe('bfloat16', () => {
  it('is the upper half of a float32, rounded', () => {
    expect(toBfloat16(1)).toBe(0x3f80)
    expect(bfloat16Value(0xc000)).toBe(-2)
    expect(bfloat16Value(toBfloat16(1 + 2 ** -8))).toBe(1) // tie, to even
    expect(bfloat16Value(toBfloat16(Number.NaN))).toBeNaN()
  })
})

describe('arrays', () => {
  it('counts bytes, packed types included', () => {
    expect(byteLength('float32', 3)).toBe(12)
    expect(byteLength('int4', 3)).toBe(2)
    expect(byteLength('complex64', 2)).toBe(16)
    expect(byteLength('string', 2)).toBeUndefined()
    expect(arrayFor('bool', 2)).toEqual(new Uint8Array(2))
  })
  it('reads bytes at any offset', () => {
    const bytes = new Uint8Array(20)
    new DataView(bytes.buffer).setFloat32(5, 1.5, true)
    expect(Array.from(viewAs('float32', bytes.subarray(5, 9), 1) as Float32Array)).toEqual([1.5])
    expect(() => viewAs('float32', bytes, 4)).toThrow(RangeError)
  })
})

describe('castTensor', () => {
  it('keeps numbers that fit', () => {
    expect(cast(tensor('float64', Float64Array.of(0.1, 3)), 'float32')).toEqual([Math.fround(0.1), 3])
    expect(castTensor(tensor('int32', Int32Array.of(7, -1)), 'int64', 'x').data).toEqual(BigInt64Array.of(7n, -1n))
    expect(cast(tensor('float64', Float64Array.of(5)), 'int32')).toEqual([5])
    expect(cast(tensor('uint8', Uint8Array.of(0, 255)), 'float32')).toEqual([0, 255])
    expect(castTensor(tensor('float32', Float32Array.of(1.5)), 'float16', 'x').data).toEqual(Uint16Array.of(0x3e00))
    expect(cast(tensor('int64', BigInt64Array.of(1n, 0n)), 'bool')).toEqual([1, 0])
  })
  it('refuses what would change a number, naming both dtypes', () => {
    const refusals: readonly [TensorValue, DType][] = [
      [tensor('float32', Float32Array.of(0.5)), 'int64'],
      [tensor('int32', Int32Array.of(300)), 'uint8'],
      [tensor('int64', BigInt64Array.of(2n ** 24n + 1n)), 'float32'], // the first whole number a float32 lacks
      [tensor('float64', Float64Array.of(1e300)), 'float32'],
      [{ dtype: 'string', shape: [1], data: ['a'] }, 'float32'],
      [tensor('float32', Float32Array.of(Number.NaN)), 'int32'],
    ]
    for (const [value, dtype] of refusals) {
      expect(() => castTensor(value, dtype, "input 'x'")).toThrow(
        new RegExp(`^input 'x' holds ${value.dtype}, the model takes ${dtype}: [^\n]*$`),
      )
    }
  })
})
