// What is sent is read again.

import { FrameReader } from '@whyslow/measure/engines/python/frames.ts'
import { expect, test } from 'vitest'
import { encodeValue } from './encode-value.ts'
import { decodeMessage, encodeMessage } from './message.ts'

test('encoded values have the same buffers again, wherever they are in a message', () => {
  const messages = [
    { answer: { value: encodeValue({ x: Float32Array.of(1, 2), y: new Uint8Array(9) }), timeMs: 1.5 } },
    { at: { stage: 'predict', sample: 0 } },
    { answer: { samples: [encodeValue([1, 2]), encodeValue('ä')] } },
  ]
  const read = new FrameReader().add(Buffer.concat(messages.flatMap(encodeMessage))).map(decodeMessage)
  expect(read).toEqual(messages)
})
