import { expect, test } from 'vitest'
import { float16Value, float16Values } from './decode.ts'
import { toFloat16Clamped } from './encode.ts'

// How single numbers are rounded is tested beside the inputs (measure/inputs/dtype-arrays.test.ts), over all 65536 patterns.
test('finite numbers beyond the largest are clamped and counted, all others kept', () => {
  const given = [1, -65504, 65519, -65520, 1e30, Number.POSITIVE_INFINITY, 2 ** -24, -0]
  const { bits, clamped } = toFloat16Clamped(Float32Array.from(given))
  expect([...bits].map(float16Value)).toEqual([1, -65504, 65504, -65504, 65504, Number.POSITIVE_INFINITY, 2 ** -24, -0])
  // 65519 rounds to 65504 by itself.
  expect(clamped).toBe(2)
  expect(float16Value(toFloat16Clamped(Float32Array.of(Number.NaN)).bits[0]!)).toBeNaN()
})

test('many are decoded as each alone', () => {
  const all = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits)
  expect(float16Values(all)).toEqual(Float32Array.from(all, float16Value))
})
