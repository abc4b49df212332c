import { expect, test } from 'vitest'
import { checkJsonMemory, jsonMemory, MOST_PARSED_BYTES } from './parse-memory.ts'

const memory = (text: string) => jsonMemory(Buffer.from(text))

test('lists, objects, keys and values count, and what stands in text does not', () => {
  // A list of 72, two values behind commas of 40, seven bytes of 3.
  expect(memory('[1,2,3]')).toBe(72 + 2 * 40 + 7 * 3)
  expect(memory('{"a":[]}')).toBe(320 + 128 + 72 + 2 * 16 + 8 * 3)
  expect(memory('"[{,:\\"["')).toBe(2 * 16 + 9 * 3)
  expect(memory('"\\\\",')).toBe(2 * 16 + 40 + 5 * 3)
})

test.each([
  ['empty lists', '[],'],
  ['lists of one', '[1],'],
  ['empty objects', '{},'],
  ['objects with a high index', '{"35":1},'],
])('%s without end are refused by what they take, and numbers in as many bytes are taken', (_, piece) => {
  const most = 10_000_000
  // Of each byte JSON.parse makes 30 and more.
  const hostile = Buffer.alloc(400_000, piece)
  expect(() => checkJsonMemory(hostile, most)).toThrow(
    expect.objectContaining({ status: 413, message: expect.stringMatching(/^400000 bytes .* as binary data$/) }),
  )
  checkJsonMemory(Buffer.alloc(400_000, '0.12345678,'), most)
})

test('short JSON is taken as it is, and what one request may take is a share of the heap', () => {
  checkJsonMemory(Buffer.alloc(1000, '['), 40_000)
  expect(() => checkJsonMemory(Buffer.alloc(1001, '['), 40_000)).toThrow('more memory')
  expect(MOST_PARSED_BYTES).toBeGreaterThan(2 ** 24)
})
