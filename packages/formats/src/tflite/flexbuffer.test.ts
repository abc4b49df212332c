import { describe, expect, test } from 'vitest'
import { flexMap } from '../../test/support/tflite/check-flexbuffer.ts'
import { flexNumbers } from './flexbuffer.ts'

const utf8 = (text: string): number[] => [...new TextEncoder().encode(text)]

/** {a: 7, b: true, c: 'x'} as the library writes it, one byte wide: keys, their places, the values, their types, the root. */
const SMALL = Uint8Array.from([
  // At 0, 2 and 4 the keys; at 6 the string, its length before it.
  ...[...utf8('a'), 0, ...utf8('b'), 0, ...utf8('c'), 0, 1, ...utf8('x'), 0],
  // At 9 how many keys there are, and how far before each place they lie.
  ...[3, 10, 9, 8],
  // At 13 how far before their places are told, their width, how many values; at 16 the values of a and b and where that of c lies; their types.
  ...[3, 1, 3, 7, 1, 11, 1 << 2, 26 << 2, 5 << 2],
  // The root: its values begin six bytes before; its type, a map of one byte; its width.
  ...[6, 9 << 2, 1],
])

describe('options of a custom operator', () => {
  test('numbers and bools by their keys, and nothing else', () => {
    expect(flexNumbers(SMALL)).toEqual(
      new Map([
        ['a', 7],
        ['b', 1],
      ]),
    )
  })

  test('wider ones, below zero and with fractions', () => {
    const numbers = flexNumbers(flexMap({ longer: -300, b: 0.25, c: false }))
    expect(numbers).toEqual(new Map(Object.entries({ b: 0.25, c: 0, longer: -300 })))
  })

  test('what is no map is said', () => {
    expect(flexNumbers(Uint8Array.of(5, 1 << 2, 1))).toBe('its options are not a map')
  })

  test('nothing outside of them is read', () => {
    expect(flexNumbers(new Uint8Array(0))).toBe('its options are cut off or damaged')
    for (let cut = 1; cut < SMALL.length; cut++) expect(() => flexNumbers(SMALL.subarray(cut))).not.toThrow()
    for (let at = 0; at < SMALL.length; at++) {
      const changed = Uint8Array.from(SMALL)
      changed[at] = 0xff
      expect(() => flexNumbers(changed)).not.toThrow()
    }
  })

  test('a map that says it is huge is not followed', () => {
    const huge = Uint8Array.from(SMALL)
    huge[15] = 0xff
    expect(flexNumbers(huge)).toBe('its options are cut off or damaged')
  })
})
