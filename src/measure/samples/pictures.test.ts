import { describe, expect, test } from 'vitest'
import type { DType } from '../../graph/types.ts'
import { isPicture, picturesNote, readPictures } from './pictures.ts'
import type { ResolvedInput } from './resolved.ts'

const input = (shape: readonly number[], dtype: DType = 'float32', name = 'x'): ResolvedInput => ({
  ...{ name, dtype, shape },
  ...{ assumed: [], freeAxes: [], rankIsFree: false },
})
/** Two places side by side: red 0, green 51, blue 255, and all 255. */
const pixels = Uint8Array.of(0, 51, 255, 255, 255, 255)
const read = (one: ResolvedInput) => {
  const asked: unknown[] = []
  const records = readPictures('photos', ['a.jpg'], [one], (files, { height, width, channels }) => {
    asked.push([files, height, width, channels])
    return [pixels]
  })
  expect(asked).toEqual([[['photos/a.jpg'], 1, 2, 3]])
  return records[0]!.tensors.get('x')!
}

describe('a picture becomes the input', () => {
  test('channel by channel, as numbers from 0 to 1', () => {
    const { shape, data } = read(input([1, 3, 1, 2]))
    expect([shape, Array.from(data as Float32Array)]).toEqual([
      [1, 3, 1, 2],
      [0, 1, expect.closeTo(0.2, 6), 1, 1, 1],
    ])
  })

  test('channels last, as bytes', () => {
    expect(read(input([1, 1, 2, 3], 'uint8'))).toEqual({ dtype: 'uint8', shape: [1, 1, 2, 3], data: pixels })
  })

  test('how, is said', () => {
    expect(picturesNote([input([1, 3, 320, 640])])).toMatch(/^Pictures became 'x' as RGB, stretched to 640x320, numbers 0\.\.1;/)
  })
})

test.each([
  ['no channels', [input([1, 5, 8, 8])]],
  ['a table', [input([1, 3])]],
  ['two inputs', [input([1, 3, 8, 8]), input([1, 3, 8, 8], 'float32', 'z')]],
  ['whole numbers', [input([1, 3, 8, 8], 'int64')]],
])('%s: one line that says what to save', (_, inputs) => {
  expect(() => readPictures('photos', ['a.png'], inputs, () => [])).toThrow(/^photos: pictures fit one input .*save arrays/)
})

test('by their names', () => {
  expect(['a.JPG', 'b.jpeg', 'c.png', 'd.npy', 'png'].map(isPicture)).toEqual([true, true, true, false, false])
})
