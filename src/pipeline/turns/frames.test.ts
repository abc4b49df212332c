// What is framed is read again, in whatever pieces it arrives.
import { expect, test } from 'vitest'
import { encodeValue } from './encode-value.ts'
import { frameOf, frameReader } from './frames.ts'

test.each([1, 3, 7, 1000])('messages come out whole from pieces of %i bytes', (size) => {
  const messages = [
    { answer: { value: encodeValue({ x: Float32Array.of(1, 2), y: new Uint8Array(9) }), timeMs: 1.5 } },
    { at: { stage: 'predict', sample: 0 } },
    { answer: { samples: [encodeValue([1, 2]), encodeValue('ä')] } },
  ]
  const bytes = Buffer.concat(messages.flatMap(frameOf))
  const read: unknown[] = []
  const reader = frameReader((message) => {
    const { bufs: _, ...rest } = message as Record<string, unknown>
    read.push(rest)
  })
  for (let at = 0; at < bytes.length; at += size) reader(bytes.subarray(at, at + size))
  expect(read).toEqual(messages)
})

test('what is no frame is refused', () => {
  const reader = frameReader(() => {})
  expect(() => reader(Buffer.from('hello from a C library\n'))).toThrow('no frame')
})
