import { joinTensors } from '@whyslow/graph/join-tensors.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TensorValue } from '../engines/types.ts'
import { joinSamples } from './batches.ts'

/** Element at an index of each axis, in row-major order. */
function at({ shape, data }: TensorValue, index: readonly number[]): unknown {
  const flat = index.reduce((sum, i, axis) => sum * shape[axis]! + i, 0)
  return (data as ArrayLike<unknown>)[flat]
}

/** All indices of a shape, in row-major order. */
const indices = (shape: readonly number[]): number[][] =>
  shape.reduce<number[][]>((all, size) => all.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i])), [[]])

/** One element after the other, each from the part in which its place along the axis lies. */
function reference(parts: readonly TensorValue[], axis: number): unknown[] {
  const size = parts.reduce((sum, { shape }) => sum + shape[axis]!, 0)
  return indices(parts[0]!.shape.with(axis, size)).map((index) => {
    let place = index[axis]!
    const part = parts.find(({ shape }) => {
      if (place < shape[axis]!) return true
      place -= shape[axis]!
      return false
    })!
    return at(part, index.with(axis, place))
  })
}

const MAKE = {
  float32: (count: number, next: () => number) => Float32Array.from({ length: count }, next),
  int64: (count: number, next: () => number) => BigInt64Array.from({ length: count }, () => BigInt(next())),
  uint8: (count: number, next: () => number) => Uint8Array.from({ length: count }, () => next() % 256),
  string: (count: number, next: () => number) => Array.from({ length: count }, () => `s${next()}`),
} as const

/** Tensors of one dtype that differ along one axis alone. */
const parts = fc
  .record({
    dtype: fc.constantFrom('float32', 'int64', 'uint8', 'string'),
    shape: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
    pick: fc.nat(),
    sizes: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
  })
  .map(({ dtype, shape, pick, sizes }) => {
    const axis = pick % shape.length
    let number = 0
    const values = sizes.map((size): TensorValue => {
      const own = shape.with(axis, size)
      const count = own.reduce((product, dimension) => product * dimension, 1)
      return { dtype, shape: own, data: MAKE[dtype](count, () => number++) } as TensorValue
    })
    return { axis, values }
  })

describe('joined', () => {
  test('is the parts side by side along the axis, whatever their sizes', () => {
    fc.assert(
      fc.property(parts, ({ axis, values }) => {
        const whole = joinTensors(values, axis)
        expect(whole.dtype).toBe(values[0]!.dtype)
        expect(whole.shape).toEqual(
          values[0]!.shape.with(
            axis,
            values.reduce((sum, { shape }) => sum + shape[axis]!, 0),
          ),
        )
        expect([...(whole.data as Iterable<unknown>)]).toEqual(reference(values, axis))
        expect(whole.data.constructor).toBe(values[0]!.data.constructor)
      }),
      { seed: 1, numRuns: 500 },
    )
  })

  test('a case by hand: two columns beside one', () => {
    const value = (shape: number[], numbers: number[]): TensorValue => ({
      dtype: 'float32',
      shape,
      data: Float32Array.from(numbers),
    })
    expect(joinTensors([value([2, 2], [1, 2, 3, 4]), value([2, 1], [5, 6])], 1)).toEqual(value([2, 3], [1, 2, 5, 3, 4, 6]))
  })
})

describe('joinSamples', () => {
  const sample = (x: number, y: number) => ({
    x: { dtype: 'float32' as const, shape: [1, 2], data: Float32Array.of(x, -x) },
    mask: { dtype: 'int64' as const, shape: [2, 1], data: BigInt64Array.of(BigInt(y), 0n) },
  })
  const numbers = (value: TensorValue) => Array.from(value.data as ArrayLike<unknown>, Number)

  test('each prediction begins with its own sample and takes the next ones in turn', () => {
    const joinedSamples = joinSamples([sample(1, 1), sample(2, 2), sample(3, 3)], new Map([['mask', 1]]), 2)
    expect(joinedSamples.map(({ x }) => numbers(x!))).toEqual([
      [1, -1, 2, -2],
      [2, -2, 3, -3],
      [3, -3, 1, -1],
    ])
    // Along axis 1 the samples' columns stand side by side: rows (1, 2) and (0, 0).
    expect(joinedSamples[0]!.mask).toMatchObject({ shape: [2, 2], dtype: 'int64' })
    expect(numbers(joinedSamples[0]!.mask!)).toEqual([1, 2, 0, 0])
  })

  test('goes round where the factor is above the number of samples, and changes nothing that it was given', () => {
    const only = sample(1, 1)
    const [whole] = joinSamples([only], new Map(), 3)
    expect(whole!.x!.shape).toEqual([3, 2])
    expect(numbers(whole!.x!)).toEqual([1, -1, 1, -1, 1, -1])
    expect(only).toEqual(sample(1, 1))
  })
})
