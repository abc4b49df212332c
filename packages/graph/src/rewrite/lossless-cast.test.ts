import { expect, test } from 'vitest'
import type { DType } from '../types.ts'
import { isLossless, roundsByValue } from './lossless-cast.ts'

test.each<[DType, DType, boolean]>([
  ['float32', 'float64', true],
  ['float64', 'float32', false],
  ['float16', 'float32', true],
  ['bfloat16', 'float32', true],
  // 11 bits do not fit into 8, nor an exponent of 8 bits into 5.
  ['float16', 'bfloat16', false],
  ['bfloat16', 'float16', false],
  ['uint8', 'int16', true],
  ['uint8', 'int8', false],
  ['int8', 'uint16', false],
  ['int32', 'int64', true],
  ['int64', 'int32', false],
  ['uint32', 'uint32', true],
  // float32 has 24 significant bits, float16 11, bfloat16 8.
  ['int16', 'float32', true],
  ['int32', 'float32', false],
  ['int32', 'float64', true],
  ['int64', 'float64', false],
  ['int16', 'float16', false],
  ['uint8', 'bfloat16', true],
  ['float32', 'int64', false],
  ['bool', 'uint8', true],
  ['bool', 'float32', true],
  ['uint8', 'bool', false],
  ['float8e4m3fn', 'float32', false],
  ['string', 'string', false],
])('%s to %s: %s', (from, to, expected) => {
  expect(isLossless(from, to)).toBe(expected)
})

test('a cast to a float rounds the value, whatever type it came in', () => {
  expect(roundsByValue('float16')).toBe(true)
  expect(roundsByValue('int8')).toBe(false)
})
