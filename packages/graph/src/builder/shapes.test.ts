import { describe, expect, test } from 'vitest'
import { evaluate, expectClose, floats, integers } from '../../test/support/builder/check-build.ts'
import { binary, broadcastShape, cast, clip, where, withNumber } from './broadcast.ts'
import { bucketOf, meanAndVariance, overDeviation, reduce, softmax } from './reduce.ts'
import {
  concat,
  crop,
  equalSizes,
  partSizes,
  reshape,
  reverse,
  sizeAsRun,
  slice,
  slicedSize,
  sliceFrom,
  sliceFromAsRun,
  split,
  squeeze,
  takeEntry,
  tile,
  unsqueeze,
  withRemainder,
  zeros,
} from './shapes.ts'

const SIX = floats([1, 2, 3], [1, 2, 3, 4, 5, 6], ['batch', 2, 3])

describe('shapes', () => {
  test('are kept where sizes are free', async () => {
    const [flat, parted, picked, backwards] = await evaluate([SIX], (builder, [x]) => [
      reshape(builder, x!, ['batch', 6]),
      reshape(builder, x!, ['batch', 3, 2, 1]),
      takeEntry(builder, x!, { axis: 1, index: -1 }),
      reverse(builder, x!, 2),
    ])
    expectClose(flat!, [1, 2, 3, 4, 5, 6], [1, 6])
    expect(parted!.shape).toEqual([1, 3, 2, 1])
    expectClose(picked!, [4, 5, 6], [1, 3])
    expectClose(backwards!, [3, 2, 1, 6, 5, 4])
  })

  test('of two free sizes that change places are asked while the model runs', async () => {
    const input = floats(
      [1, 4, 3],
      Array.from({ length: 12 }, (_, k) => k),
      ['n', 'steps', 3],
    )
    const [turned] = await evaluate([input], (builder, [x]) => [reshape(builder, x!, [3, 'n', 1, 'steps'])])
    expect(turned!.shape).toEqual([3, 1, 1, 4])
    await expect(evaluate([input], (builder, [x]) => [reshape(builder, x!, ['other', 'n', 3, 1])])).rejects.toThrow(RangeError)
  })

  test('slices follow Python', async () => {
    const [middle, odd, all] = await evaluate([SIX], (builder, [x]) => [
      slice(builder, x!, [{ axis: -1, start: -2 }]),
      slice(builder, x!, [
        { axis: 2, step: 2 },
        { axis: 1, start: 5, end: -9, step: -1 },
      ]),
      slice(builder, x!, [{ axis: 0, start: 0 }]),
    ])
    expectClose(middle!, [2, 3, 5, 6], [1, 2, 2])
    expectClose(odd!, [4, 6, 1, 3], [1, 2, 2])
    expectClose(all!, [1, 2, 3, 4, 5, 6])
    expect(slicedSize('n', { start: 1, end: 3, step: 1 })).toBeNull()
    expect(slicedSize(5, { start: 4, end: 1, step: 1 })).toBe(0)
  })

  test('slices of starts and sizes, told or computed', async () => {
    const [starts, sizes] = [integers([3], [0, 1, 1]), integers([3], [1, 1, -1])]
    const [told, computed, cropped] = await evaluate([SIX, starts, sizes], (builder, [x, from, count]) => [
      sliceFrom(builder, x!, [0, 1, 1], [1, 1, -1]),
      sliceFromAsRun(builder, x!, { starts: from!, sizes: count!, shape: [null, null, -1] }),
      crop(builder, x!, 1, [
        [1, 0],
        [0, 1],
      ]),
    ])
    expectClose(told!, [5, 6], [1, 1, 2])
    expectClose(computed!, [5, 6], [1, 1, 2])
    expectClose(cropped!, [4, 5], [1, 1, 2])
  })

  test('what is left open is what remains', () => {
    expect(withRemainder([2, 3, 4], [4, -1])).toEqual([4, 6])
    expect(withRemainder(['n', 3, 4], [-1, 12])).toEqual(['n', 12])
    expect(withRemainder(['n', 6], ['n', 2, null])).toEqual(['n', 2, 3])
    expect(withRemainder(['n', 6], [-1, 3])).toEqual([null, 3])
    expect(withRemainder(['n', 'm'], [-1, 'm'])).toEqual(['n', 'm'])
    expect(withRemainder([2, 3], [4, -1])).toBeUndefined()
    expect(withRemainder([2, 3], [5])).toBeUndefined()
    expect(partSizes(7, [2, -1, 3])).toEqual([2, 2, 3])
    expect([partSizes(7, [2, 3]), partSizes(7, [-1, -1]), partSizes('n', [2, -1])]).toEqual([undefined, undefined, undefined])
    expect(partSizes('n', [2, 3])).toEqual([2, 3])
    expect([equalSizes(6, 3), equalSizes(7, 3), equalSizes(null, 1)]).toEqual([[2, 2, 2], undefined, undefined])
  })

  test('axes come and go', async () => {
    const [joined, parts, thrice, empty] = await evaluate([SIX], (builder, [x]) => {
      const wide = unsqueeze(builder, x!, [1, -1])
      const [first, second] = split(builder, squeeze(builder, wide, [1, 4]), [1, 2], 2)
      return [
        concat(builder, [second!, first!], -1),
        second!,
        tile(builder, first!, [1, 1, 3]),
        zeros(builder, concat(builder, [sizeAsRun(builder, x!, 0), builder.ints([2])], 0), {
          dtype: 'float32',
          shape: ['batch', 2],
        }),
      ]
    })
    expectClose(joined!, [2, 3, 1, 5, 6, 4])
    expectClose(parts!, [2, 3, 5, 6], [1, 2, 2])
    expectClose(thrice!, [1, 1, 1, 4, 4, 4], [1, 2, 3])
    expectClose(empty!, [0, 0], [1, 2])
  })
})

describe('arithmetic', () => {
  test('broadcasts as NumPy does', async () => {
    expect(broadcastShape(['n', 1, 3], [2, 1])).toEqual(['n', 2, 3])
    expect(broadcastShape(['n'], ['m'])).toEqual([null])
    expect(broadcastShape(['n', 4], [])).toEqual(['n', 4])
    expect(() => broadcastShape(['n', 3], [2])).toThrow('[n,3] and [2] do not broadcast')
    const row = floats([3], [10, 20, 30])
    const [sum, chosen, limited, half] = await evaluate([SIX, row], (builder, [x, y]) => [
      binary(builder, 'Add', x!, y!),
      where(builder, binary(builder, 'Greater', x!, withNumber(builder, 'Div', y!, 10)), x!, y!),
      clip(builder, x!, undefined, 3),
      cast(builder, withNumber(builder, 'Mul', cast(builder, x!, 'float16'), 0.5), 'float32'),
    ])
    expectClose(sum!, [11, 22, 33, 14, 25, 36])
    expectClose(chosen!, [10, 20, 30, 4, 5, 6])
    expectClose(limited!, [1, 2, 3, 3, 3, 3])
    expectClose(half!, [0.5, 1, 1.5, 2, 2.5, 3])
  })

  test('mean and variance keep their axes', async () => {
    const [mean, variance, normal, flatVariance] = await evaluate([SIX], (builder, [x]) => {
      const { mean: middle, variance: over, centred } = meanAndVariance(builder, x!, [-1])
      const scaled = overDeviation(builder, centred, over, 1 / 3)
      return [middle, over, scaled, meanAndVariance(builder, x!, [-1], false).variance]
    })
    expectClose(mean!, [2, 5], [1, 2, 1])
    expectClose(variance!, [2 / 3, 2 / 3], [1, 2, 1])
    expectClose(normal!, [-1, 0, 1, -1, 0, 1], [1, 2, 3])
    expectClose(flatVariance!, [2 / 3, 2 / 3], [1, 2])
  })

  test('buckets count the bounds that are reached, or passed', async () => {
    const [reached, passed] = await evaluate([SIX, floats([2], [2, 5])], (builder, [x, bounds]) => [
      bucketOf(builder, x!, bounds!),
      bucketOf(builder, x!, bounds!, { strict: true, dtype: 'int64' }),
    ])
    expectClose(reached!, [0, 1, 1, 1, 2, 2], [1, 2, 3])
    expectClose(passed!, [0, 0, 1, 1, 1, 2], [1, 2, 3])
  })

  test('reduces over the axes that are asked', async () => {
    const [sum, mean, shares, all] = await evaluate([SIX], (builder, [x]) => [
      reduce(builder, 'ReduceSum', x!, { axes: [-1] }),
      reduce(builder, 'ReduceMean', x!, { axes: [1, 2], keepDims: true }),
      softmax(builder, x!, [1, 2]),
      reduce(builder, 'ReduceMax', x!),
    ])
    expectClose(sum!, [6, 15], [1, 2])
    expectClose(mean!, [3.5], [1, 1, 1])
    const total = [1, 2, 3, 4, 5, 6].reduce((one, value) => one + Math.exp(value), 0)
    expectClose(
      shares!,
      [1, 2, 3, 4, 5, 6].map((value) => Math.exp(value) / total),
    )
    expectClose(all!, [6], [])
  })
})
