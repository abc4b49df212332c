import type { DType } from '@whyslow/graph/types.ts'
import { describe, expect, test } from 'vitest'
import { onlyFull } from '../../../../test/only-full.ts'
import { FROM_METADATA, type PictureNumbers, parsePictures } from './picture-numbers.ts'
import { type DecodePictures, decodeWith, isPicture, picturesNote, readPictures } from './pictures.ts'
import type { ResolvedInput } from './resolved.ts'

const input = (shape: readonly number[], dtype: DType = 'float32', name = 'x'): ResolvedInput => ({
  ...{ name, dtype, shape },
  ...{ assumed: [], freeAxes: [], rankIsFree: false },
})
/** Two places side by side: red 0, green 51, blue 255, and all 255. */
const pixels = Uint8Array.of(0, 51, 255, 255, 255, 255)
const read = (one: ResolvedInput, numbers: PictureNumbers | null = null) => {
  const asked: unknown[] = []
  const decode: DecodePictures = (files, { height, width, channels }) => {
    asked.push([files, height, width, channels])
    return [pixels]
  }
  const records = readPictures('photos', ['a.jpg'], [one], { numbers, decode })
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

  test('without a batch where the input has none', () => {
    expect(read(input([3, 1, 2])).shape).toEqual([3, 1, 2])
    expect(read(input([1, 2, 3], 'uint8'))).toEqual({ dtype: 'uint8', shape: [1, 2, 3], data: pixels })
  })

  test('as the numbers that are said, channel by channel', () => {
    const numbers = parsePictures('bgr,scale=1,mean=255/51/0,std=1/2/5')
    // Blue 255 and 255 first, less 255; green 51 and 255, less 51, halves; red 0 and 255, fifths.
    const first = [0, 0, 0, 102, 0, 51]
    expect(Array.from(read(input([1, 3, 1, 2]), numbers).data as Float32Array)).toEqual(first)
    expect(Array.from(read(input([1, 1, 2, 3]), numbers).data as Float32Array)).toEqual([0, 0, 0, 0, 102, 51])
    // Bytes are not scaled, but put in order.
    expect(read(input([1, 1, 2, 3], 'uint8'), numbers).data).toEqual(Uint8Array.of(255, 51, 0, 255, 255, 255))
  })

  test('numbers for other channels are refused', () => {
    expect(() => read(input([1, 3, 1, 2]), parsePictures('mean=1/2'))).toThrow(
      /^--image-preprocessing: 1\/2 is for 2 channels, and 'x' takes 3/,
    )
  })

  test('numbers of the file’s metadata for other channels are left out, also of what is said; bytes need none', () => {
    const numbers = { ...parsePictures('bgr,mean=0.1/0.2/0.3'), from: FROM_METADATA }
    const grey = (dtype: DType, said: PictureNumbers) =>
      readPictures('photos', ['a.jpg'], [input([1, 1, 1, 2], dtype)], {
        numbers: said,
        decode: () => [Uint8Array.of(0, 255)],
      })[0]!.tensors.get('x')!.data
    expect(Array.from(grey('float32', numbers) as Float32Array)).toEqual([0, 1])
    expect(grey('uint8', numbers)).toEqual(Uint8Array.of(0, 255))
    expect(picturesNote([input([1, 1, 8, 8])], numbers)).toMatch(/ as grey, stretched to 8x8, numbers 0\.\.1;/)
    expect(() => grey('float32', { ...numbers, from: 'preprocessor_config.json' })).toThrow(
      "preprocessor_config.json: 0.1/0.2/0.3 is for 3 channels, and 'x' takes 1",
    )
  })

  test('how, is said', () => {
    const numbers = parsePictures('bgr,mean=104/117/123')
    expect(picturesNote([input([1, 3, 8, 8])], numbers)).toBe(
      "Images became 'x' as BGR, stretched to 8x8, numbers (byte x 1 - 104/117/123) / 1, by --image-preprocessing",
    )
    expect(picturesNote([input([1, 3, 320, 640])])).toMatch(/^Images became 'x' as RGB, stretched to 640x320, numbers 0\.\.1;/)
  })
})

test.each([
  ['no channels', [input([1, 5, 8, 8])]],
  ['a table', [input([1, 3])]],
  ['two inputs', [input([1, 3, 8, 8]), input([1, 3, 8, 8], 'float32', 'z')]],
  ['whole numbers', [input([1, 3, 8, 8], 'int64')]],
])('%s: one line that says what to save', (_, inputs) => {
  expect(() => readPictures('photos', ['a.png'], inputs, { decode: () => [] })).toThrow(
    /^photos: images fit one input .*save arrays/,
  )
})

test('by their names', () => {
  expect(['a.JPG', 'b.jpeg', 'c.png', 'd.npy', 'png'].map(isPicture)).toEqual([true, true, true, false, false])
})

/** It waits without work. */
const WAITS = 'setTimeout(() => {}, 600_000)'

test('a decoder that does not end is ended, and the picture that it was at is named', () => {
  const size = { sharp: '', height: 2, width: 2, channels: 3, limitMs: 50 }
  expect(() => decodeWith(WAITS, ['a/first.png', 'a/second.png'], size)).toThrow(
    'first.png: sharp did not decode it within 0.05 s; remove the image',
  )
})

test('of a decoder that has decoded some, the next one is named', (context) => {
  onlyFull(context, 'waits until a process has started on a busy machine')
  const size = { sharp: '', height: 2, width: 2, channels: 3, limitMs: 4000 }
  expect(() =>
    decodeWith(`require('fs').writeSync(1, Buffer.alloc(12)); ${WAITS}`, ['a/first.png', 'a/second.png'], size),
  ).toThrow('second.png: sharp did not decode it within 4 s; remove the image')
})
