import { expect, test } from 'vitest'
import { checkWire } from './wire.ts'

/** A field of a length (wire type 2), its number below 16. */
function field(number: number, content: Uint8Array): Uint8Array {
  const length: number[] = []
  for (let rest = content.length; ; rest = Math.floor(rest / 128)) {
    length.push((rest % 128) | (rest > 127 ? 0x80 : 0))
    if (rest <= 127) return Buffer.concat([Uint8Array.of(number * 8 + 2, ...length), content])
  }
}

test('millions of empty nodes are refused before each becomes an object', () => {
  // GraphProto.node, of no bytes.
  const graph = new Uint8Array(2 * 5_000_001)
  for (let at = 0; at < graph.length; at += 2) graph[at] = 0x0a
  expect(checkWire(field(7, graph))).toMatchObject({ kind: 'too-large', what: 'more than 5000000 parts' })
})

test('packed varints beyond what weights have are refused', () => {
  // TensorProto.int32_data of a GraphProto.initializer.
  const tensor = field(5, new Uint8Array(50_000_001))
  expect(checkWire(field(7, field(5, tensor)))).toMatchObject({ kind: 'too-large' })
})

test.each([
  ['a length beyond the file', Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x07)],
  ['a varint without an end', Uint8Array.of(8, ...Array(11).fill(0xff))],
])('%s is refused', (_, bytes) => {
  expect(checkWire(bytes)?.kind).toMatch(/truncated|damaged/)
})

test('large floats are renamed to raw data where the whole file is sound, and only there', () => {
  // TensorProto.data_type 1; float_data (field 4) becomes raw_data (field 9).
  const tensor = Buffer.concat([Uint8Array.of(0x10, 1), field(4, new Uint8Array(64 * 1024))])
  const sound = new Uint8Array(field(7, field(5, tensor)))
  const cut = sound.slice(0, -1)
  expect(checkWire(sound)).toBeUndefined()
  expect(sound.includes(9 * 8 + 2)).toBe(true)
  const before = cut.slice()
  expect(checkWire(cut)?.kind).toBe('truncated')
  expect(Buffer.compare(cut, before)).toBe(0)
})
