import { expect, test } from 'vitest'
import { decodeResults, encodeFeeds, encodeFrame, FrameReader } from './frames.ts'

const feeds = {
  x: { dtype: 'float32', shape: [2], data: new Float32Array([1, -2]) },
  names: { dtype: 'string', shape: [1], data: ['größe'] },
  at: { dtype: 'int64', shape: [1], data: new BigInt64Array([3n]) },
} as const

test('what goes out comes back, however the bytes are cut', () => {
  const { tensors, buffers } = encodeFeeds(feeds)
  const bytes = Buffer.concat([...encodeFrame({ id: 1, tensors }, buffers), ...encodeFrame({ id: 2 })])
  for (const size of [1, 7, bytes.length]) {
    const reader = new FrameReader()
    const frames = []
    for (let at = 0; at < bytes.length; at += size) frames.push(...reader.add(bytes.subarray(at, at + size)))
    expect(frames.map(({ header }) => header.id)).toEqual([1, 2])
    expect(decodeResults(frames[0]!)).toEqual(feeds)
  }
})

test('what is no frame is said', () => {
  expect(() => new FrameReader().add(Buffer.from('Traceback'))).toThrow('not a frame')
})
