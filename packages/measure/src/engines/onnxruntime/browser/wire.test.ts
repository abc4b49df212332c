import { expect, it } from 'vitest'
import type { TensorValue } from '../../types.ts'
import { decode, encode } from './wire.ts'

const sets: Record<string, TensorValue>[] = [
  {
    floats: { dtype: 'float32', shape: [3], data: Float32Array.of(1, -2, 0.5) },
    bytes: { dtype: 'uint8', shape: [5], data: Uint8Array.of(1, 2, 3, 4, 5) },
    wide: { dtype: 'int64', shape: [], data: BigInt64Array.of(-7n) },
    words: { dtype: 'string', shape: [2], data: ['größe', ''] },
    none: { dtype: 'float64', shape: [0, 4], data: new Float64Array(0) },
  },
  {},
]

it('gives back what went in, whatever the alignment of the bytes', () => {
  const bytes = encode(sets)
  expect(decode(bytes)).toEqual(sets)
  const shifted = new Uint8Array(bytes.length + 1)
  shifted.set(bytes, 1)
  expect(decode(shifted.subarray(1))).toEqual(sets)
})

it('takes views into larger buffers', () => {
  const data = Float32Array.of(9, 8, 7, 6).subarray(1, 3)
  expect(decode(encode([{ x: { dtype: 'float32', shape: [2], data } }]))).toEqual([
    { x: { dtype: 'float32', shape: [2], data: Float32Array.of(8, 7) } },
  ])
})
