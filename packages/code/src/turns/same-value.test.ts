// What another process is given as it is, and what it would be given something else for.
import { describe, expect, test } from 'vitest'
import { encodeValue } from './encode-value.ts'
import { copyOf, unsendableKind } from './same-value.ts'

class Sample {
  readonly pixels = new Uint8Array(4)
  size(): number {
    return this.pixels.length
  }
}

const kept = (value: unknown) => unsendableKind(value, encodeValue(value))

describe('samples', () => {
  test.each([
    [[undefined, null, true, 0, -0, Number.NaN, Number.POSITIVE_INFINITY, 2n ** 70n, 'a']],
    [[[], {}, [1, 2.5], [1, 'a', [2]], { a: { b: [1, null] } }]],
    [[new Float32Array([1, Number.NaN]), new BigInt64Array([1n]), new Uint8Array(0), Buffer.from('text'), new Set([1, 'a'])]],
  ])('of plain values and arrays travel: %#', (values) => {
    expect(values.map(kept)).toEqual(values.map(() => null))
  })

  test.each([
    ['Date', new Date(0)],
    ['URL', new URL('file:///a')],
    ['Map', new Map([['a', 1]])],
    ['Sample', new Sample()],
    ['Sample', { of: [1, [new Sample()]] }],
    ['Uint8ClampedArray', new Uint8ClampedArray(2)],
    ['ArrayBuffer', new ArrayBuffer(2)],
    ['Float32Array', Object.assign(new Float32Array(4), { shape: [2, 2] })],
    ['Object', { run: () => 1 }],
    ['Object', Object.create(null)],
    ['Object', Object.defineProperty({}, 'later', { get: () => 1, enumerable: true })],
    ['Array', Object.assign([], { 0: 1, 2: 3 })],
    ['Array', Object.assign(['a'], { index: 0 })],
    ['function', () => 1],
  ])('of a kind that would arrive as another stay: %s', (name, value) => {
    expect(kept(value)).toBe(name)
  })
})

test.each([[[1, { a: 2 }]], [Buffer.from('ab')], [new Map([['a', new Date(0)]])], [new Uint8ClampedArray(2)]])(
  'a copy is of the same kind: %#',
  (value) => {
    const copy = copyOf(value)
    expect(copy).toEqual(value)
    expect(copy).not.toBe(value)
    expect(Object.getPrototypeOf(copy)).toBe(Object.getPrototypeOf(value))
  },
)

test('what cannot be copied as it is stays itself', () => {
  const held = new Sample()
  expect(copyOf(held)).toBe(held)
})
