// Small files that would be large in memory, or take hours: each ends with one line.

import { InputError } from '@whyslow/graph/input-error.ts'
import { describe, expect, test } from 'vitest'
import { type ExampleMessage, exampleHdf5, longTexts, textHeap } from '../../../test/support/example-hdf5.ts'
import { openHdf5 } from './hdf5-file.ts'

const NIL: ExampleMessage = [0, new Uint8Array(0)]
const nothing = () => new Uint8Array(0)

/** An attribute (version 3) whose type begins with these bytes. */
function attributeOf(type: Uint8Array): ExampleMessage {
  const content = new Uint8Array(9 + 2 + type.length)
  const view = new DataView(content.buffer)
  content[0] = 3
  view.setUint16(2, 2, true)
  view.setUint16(4, type.length, true)
  content.set([0x61, 0], 9)
  content.set(type, 11)
  return [0x0c, content]
}

describe('a hostile file', () => {
  test('an attribute of texts in a heap is read', () => {
    const heap = (at: number) => [longTexts('names', { count: 3, heap: at, index: 2, sizeBytes: 5 })]
    const root = openHdf5(
      exampleHdf5(heap, () => textHeap([3, 8])),
      'a.h5',
    )
    expect(root.attributes.get('names')).toEqual(['aaaaa', 'aaaaa', 'aaaaa'])
  })

  test.each<[string, () => Uint8Array<ArrayBuffer>, RegExp]>([
    [
      'one long text named a thousand times',
      () =>
        exampleHdf5(
          (at) => [longTexts('names', { count: 4000, heap: at, index: 1, sizeBytes: 1 << 20 })],
          () => textHeap([1 << 20]),
        ),
      /^a\.h5 decodes to far more than its \d+ bytes \(last a text\); save it again$/,
    ],
    [
      'types in types',
      () => exampleHdf5(() => [attributeOf(new Uint8Array(60_000).fill(8)), attributeOf(Uint8Array.of(8))], nothing),
      /a\.h5 is cut off or damaged/,
    ],
    ['a million messages', () => exampleHdf5(() => Array.from({ length: 1_000_000 }, () => NIL), nothing), /more messages than/],
    [
      'an attribute longer than its message',
      () => {
        const [type, content] = longTexts('names', { count: 4, heap: 0, index: 1, sizeBytes: 1 })
        return exampleHdf5(
          () => [[type, content.subarray(0, content.length - 16)]],
          () => new Uint8Array(64),
        )
      },
      /an attribute longer than its message/,
    ],
  ])('%s is refused in one line', (_, make, message) => {
    const file = make()
    let refused: unknown
    try {
      openHdf5(file, 'a.h5')
    } catch (error) {
      refused = error
    }
    expect(refused).toBeInstanceOf(InputError)
    expect((refused as InputError).message).toMatch(message)
  })

  test('a heap of many texts is searched once, not for each text', () => {
    const count = 4000
    const sizes = Array.from({ length: 60_000 }, () => 0)
    const root = openHdf5(
      exampleHdf5(
        (at) => [longTexts('names', { count, heap: at, index: 60_001, sizeBytes: 2 })],
        () => textHeap([...sizes, 2]),
      ),
      'a.h5',
    )
    expect(root.attributes.get('names')).toEqual(Array(count).fill('aa'))
  })

  test('a path of a million names ends in a group that holds itself', () => {
    // A link 'a' to the header that it stands in.
    const link: ExampleMessage = [6, Uint8Array.of(1, 0, 1, 0x61, 48, 0, 0, 0, 0, 0, 0, 0)]
    const root = openHdf5(
      exampleHdf5(() => [link], nothing),
      'a.h5',
    )
    expect(root.group('a/a/a')?.names).toEqual(['a'])
    expect(() => root.group('a/'.repeat(1_000_000))).toThrow(/^a\.h5 decodes to far more than its \d+ bytes \(last a group\)/)
  })
})
