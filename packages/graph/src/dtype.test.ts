import { TensorProto_DataType } from 'onnx-buf'
import { describe, expect, test } from 'vitest'
import { decodeNumbers } from './decode.ts'
import { bitsPerElement, dataTypeOf, dtypeOf, elementCount, isFloat, isInteger, sizeInBytes } from './dtype.ts'

describe('element types', () => {
  test('every type of ONNX 1.20 has its name and number', () => {
    const numbers = Object.values(TensorProto_DataType).filter((value) => typeof value === 'number' && value > 0) as number[]
    expect(numbers).toHaveLength(26)
    for (const number of numbers) expect(dataTypeOf(dtypeOf(number)!)).toBe(number)
    // ONNX's own spelling, but for FLOAT and DOUBLE.
    expect(dtypeOf(TensorProto_DataType.FLOAT8E4M3FNUZ)).toBe('float8e4m3fnuz')
    expect(dtypeOf(TensorProto_DataType.DOUBLE)).toBe('float64')
    expect([dtypeOf(0), dtypeOf(27)]).toEqual([undefined, undefined])
  })

  test('sizes: small types are packed, strings have none, 10^12 elements are a number', () => {
    expect(sizeInBytes({ dtype: 'float32', shape: [2, 3] })).toBe(24)
    expect(sizeInBytes({ dtype: 'float16', shape: [] })).toBe(2)
    // 5 elements of 4 bits are 20 bits: 3 bytes; of 2 bits, 10 bits: 2 bytes.
    expect(sizeInBytes({ dtype: 'int4', shape: [5] })).toBe(3)
    expect(sizeInBytes({ dtype: 'uint2', shape: [5] })).toBe(2)
    expect(sizeInBytes({ dtype: 'string', shape: [5] })).toBeUndefined()
    expect(sizeInBytes({ dtype: 'complex128', shape: [0, 7] })).toBe(0)
    expect(elementCount([1_000_000, 1_000_000])).toBe(1e12)
    expect(bitsPerElement('float4e2m1')).toBe(4)
  })

  test('kinds', () => {
    expect([isFloat('bfloat16'), isFloat('float8e8m0'), isFloat('int8')]).toEqual([true, true, false])
    expect([isInteger('uint4'), isInteger('int64'), isInteger('bool')]).toEqual([true, true, false])
  })
})

describe('decoding', () => {
  const decode = (dtype: Parameters<typeof decodeNumbers>[1], bytes: number[], count: number) => {
    return decodeNumbers(Uint8Array.from(bytes), dtype, count)
  }

  test('float16 and bfloat16', () => {
    // 0x3c00 = 1, 0xc000 = -2, 0x7bff = 65504, 0x0001 = 2^-24, 0x7c00 = infinity
    expect(decode('float16', [0x00, 0x3c, 0x00, 0xc0, 0xff, 0x7b, 0x01, 0x00, 0x00, 0x7c], 5)).toEqual([
      1,
      -2,
      65504,
      2 ** -24,
      Infinity,
    ])
    // bfloat16 is the upper half of float32: 1 is 0x3f80, -2 is 0xc000
    expect(decode('bfloat16', [0x80, 0x3f, 0x00, 0xc0], 2)).toEqual([1, -2])
  })

  test('float8 and float4, at their limits', () => {
    // e4m3fn: largest 448 = 0x7e, smallest 2^-9 = 0x01, 0x7f is NaN
    expect(decode('float8e4m3fn', [0x7e, 0x01, 0x7f], 3)).toEqual([448, 2 ** -9, NaN])
    // e4m3fnuz: bias 8, largest 240 = 0x7f, 0x80 is NaN
    expect(decode('float8e4m3fnuz', [0x7f, 0x80], 2)).toEqual([240, NaN])
    // e5m2: largest 57344 = 0x7b, 0xfc is -infinity; e5m2fnuz: bias 16, largest 57344 = 0x7f
    expect(decode('float8e5m2', [0x7b, 0xfc], 2)).toEqual([57344, -Infinity])
    expect(decode('float8e5m2fnuz', [0x7f], 1)).toEqual([57344])
    // e8m0 is 2^(code - 127)
    expect(decode('float8e8m0', [127, 130, 255], 3)).toEqual([1, 8, NaN])
    // e2m1, low half first: 0x7 = 6, 0x1 = 0.5, 0x9 = -0.5
    expect(decode('float4e2m1', [0x17, 0x09], 3)).toEqual([6, 0.5, -0.5])
  })

  test('packed integers, low bits first, with sign', () => {
    expect(decode('int4', [0x8f, 0x07], 3)).toEqual([-1, -8, 7])
    expect(decode('uint4', [0x8f], 2)).toEqual([15, 8])
    // 0b11_10_01_00
    expect(decode('int2', [0xe4], 4)).toEqual([0, 1, -2, -1])
    expect(decode('uint2', [0xe4], 4)).toEqual([0, 1, 2, 3])
  })

  test('wide integers become numbers; strings and complex numbers do not', () => {
    expect(decode('int64', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 1)).toEqual([-1])
    expect(decode('bool', [0, 1], 2)).toEqual([0, 1])
    expect(decode('complex64', [0, 0, 0, 0, 0, 0, 0, 0], 1)).toBeUndefined()
    expect(decode('string', [], 0)).toBeUndefined()
  })
})
