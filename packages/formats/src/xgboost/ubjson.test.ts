import { InputError } from '@whyslow/graph/input-error.ts'
import { expect, test } from 'vitest'
import { parseUbjson } from './ubjson.ts'

const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))
/** A length of eight bytes. */
const long = (...low: number[]) => `L${String.fromCharCode(...Array(8 - low.length).fill(0), ...low)}`

test('objects without a count, arrays with one', () => {
  expect(parseUbjson(bytesOf(`{${long(1)}a[$U#${long(2)}\u0001\u0002}`), 'm.ubj')).toEqual({ a: Uint8Array.of(1, 2) })
  expect(parseUbjson(bytesOf(`[#${long(2)}S${long(1)}xT`), 'm.ubj')).toEqual(['x', true])
})

test.each([
  ['numbers that are not there', `[$d#${long(0x7f, 0xff, 0xff, 0xff)}\u0000`, /an array of 2147483647 numbers/],
  ['values that are not there', `[#${long(0x7f, 0xff, 0xff, 0xff)}T`, /an array of 2147483647 values/],
  ['a text that is not there', `S${long(0x7f, 0xff, 0xff, 0xff)}x`, /a text of 2147483647 bytes/],
  ['a length below zero', 'Sl\u00ff\u00ff\u00ff\u00ff', /a length that is none/],
  ['lists in lists', `[#${long(1)}`.repeat(100_000), /nested more than 64 deep/],
  ['a type of no known width', `[$constructor#${long(1)}`, /an array without its length|type/],
  ['nothing', '', /its end too early/],
])('%s: refused in one line', (_, text, message) => {
  expect(() => parseUbjson(bytesOf(text), 'm.ubj')).toThrow(InputError)
  expect(() => parseUbjson(bytesOf(text), 'm.ubj')).toThrow(message)
})
