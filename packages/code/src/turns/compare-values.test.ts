// Values side by side: what counts as the same, and where the first difference is told.
import { expect, test } from 'vitest'
import { compareValues, equalOf, type ValueOptions } from './compare-values.ts'
import { encodeValue } from './encode-value.ts'
import type { Encoded } from './value.ts'

const within: ValueOptions = { tolerance: null, sameLanguage: true }
const compare = (a: unknown, b: unknown, options = within) => compareValues(encodeValue(a), encodeValue(b), options)
const fromPython = (dtype: string, shape: number[], data: ArrayBufferView): Encoded => ({
  tree: { kind: 'array', type: 'ndarray', dtype, shape, buffer: 0 },
  buffers: [new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
})

test.each([
  ['numbers', 1.5, 1.5],
  ['NaN', Number.NaN, Number.NaN],
  ['nested', { a: [1, { b: 'x' }], c: null }, { c: null, a: [1, { b: 'x' }] }],
  ['typed arrays', Float32Array.of(1, Number.NaN, -0), Float32Array.of(1, Number.NaN, -0)],
  ['empty', [], []],
  ['sets', new Set(['a', 'b']), new Set(['a', 'b'])],
  ['big integers', 12345678901234567890n, 12345678901234567890n],
  ['bytes', new Uint8Array([1, 2]).buffer, new Uint8Array([1, 2]).buffer],
])('%s are identical', (_, a, b) => {
  expect(compare(a, b)).toMatchObject({ agreement: 'identical', differences: [], differing: 0 })
})

test.each([
  ['a number', { s: [0.1, 0.2] }, { s: [0.1, 0.3] }, '.s[1]', '0.2 and 0.3'],
  ['a missing key', { a: 1 }, { b: 1 }, '', "only the second has 'b'"],
  ['a length', [1, 2], [1, 2, 3], '', 'shape [2] and [3]'],
  ['a text', ['x', 'y'], ['x', 'z'], '[1]', "'y' and 'z'"],
  ['NaN in one', [1, Number.NaN], [1, 2], '[1]', 'NaN and 2'],
  ['infinities of two signs', [Number.POSITIVE_INFINITY], [Number.NEGATIVE_INFINITY], '[0]', 'Infinity and -Infinity'],
  ['a list with a hole', [1, 2, null], [1, 2, 3], '[2]', 'null and float64'],
  ['a kind', 'x', null, '', 'string and null'],
])('%s is a difference, and told', (_, a, b, path, reason) => {
  const found = compare(a, b)
  expect(found.agreement).toBe('different')
  expect(found.differences[0]).toEqual({ path, reason })
})

test('rounding is close, and how far is said', () => {
  const found = compare(Float64Array.of(1, 1000), Float64Array.of(1 + 1e-7, 1000))
  expect(found).toMatchObject({ agreement: 'close', numbers: 2, differing: 1 })
  expect(found.maxRelative).toBeCloseTo(1e-7, 9)
  expect(compare([1], [1.001]).agreement).toBe('different')
  expect(compare([1], [1.001], { tolerance: 0.01, sameLanguage: true }).agreement).toBe('close')
  expect([0.95e-5, 1.05e-5].map((by) => compare([1], [1 + by]).agreement)).toEqual(['close', 'different'])
})

test('a number near zero is measured beside its array', () => {
  expect(compare(Float32Array.of(100, 1e-6), Float32Array.of(100, -1e-6)).agreement).toBe('close')
  expect(compare([1e-6], [-1e-6]).agreement).toBe('different')
})

test('numbers that mark masked places say nothing of the others', () => {
  const masked = (score: number) => Float32Array.of(-1e9, 0.5, score, -1e9)
  expect(compare(masked(0.25), masked(0.25001)).agreement).toBe('different')
  expect(compare(masked(0.25), masked(0.2500001)).agreement).toBe('close')
})

test('zeros of two signs are no distance apart', () => {
  const found = compare(Float64Array.of(0, 2), Float64Array.of(-0, 2))
  expect(found).toMatchObject({ agreement: 'close', differing: 1, maxAbsolute: 0, maxRelative: 0 })
})

test('what stands instead of something else agrees to the bit, or within rounding of its own scale', () => {
  expect(equalOf({ y: Float32Array.of(1, 2) }, { y: Float32Array.of(1, 2) })).toBe('bits')
  expect(equalOf({ y: Float32Array.of(1, 2) }, { y: Float32Array.of(1, 2.0001) })).toBe('rounding')
  // Small outputs have a small scale, and each output has its own.
  expect(equalOf({ y: [1e-7, 2e-7] }, { y: [2e-7, 1e-7] })).toBe('different')
  expect(equalOf({ x: [1000, 1], y: [0.1, 0.2] }, { x: [1000, 1], y: [0.11, 0.2] })).toBe('different')
  expect(equalOf({ y: Int32Array.of(1_000_000) }, { y: Int32Array.of(1_000_001) })).toBe('different')
  expect([equalOf({ y: ['a'] }, { y: ['b'] }), equalOf({ y: [1] }, {}), equalOf({}, {})]).toEqual([
    'different',
    'different',
    'bits',
  ])
})

test('bytes are compared with arrays of them', () => {
  const bytes = new Uint8Array([1, 2]).buffer
  expect(compare(bytes, Buffer.from([1, 2]))).toMatchObject({ agreement: 'identical', numbers: 2 })
  expect(compare(bytes, Buffer.from([1, 3])).differences).toEqual([{ path: '[1]', reason: '2 and 3' }])
  expect(compare(bytes, 'ab').agreement).toBe('different')
})

test('whole numbers have no rounding', () => {
  expect(compare(Int32Array.of(1000001), Int32Array.of(1000000)).agreement).toBe('different')
  expect(compare(BigInt64Array.of(2n ** 60n), BigInt64Array.of(2n ** 60n + 1n)).agreement).toBe('different')
})

test('another container of the same values is told and is no difference; between languages it is not told', () => {
  expect(compare([1, 2], Float32Array.of(1, 2))).toMatchObject({
    agreement: 'identical',
    notes: ['the result is Array in one and Float32Array in the other'],
  })
  const python = fromPython('float32', [1, 2], Float32Array.of(1, 2))
  const crossed = compareValues(python, encodeValue(Float32Array.of(1, 2)), { tolerance: null, sameLanguage: false })
  expect(crossed).toMatchObject({ agreement: 'identical', notes: [] })
  expect(compareValues(python, encodeValue([[1, 2]]), within).agreement).toBe('identical')
  expect(compareValues(python, encodeValue([1, 2]), within).agreement).toBe('different')
})

test('half precision is read, and has a tolerance of its own', () => {
  // 1 and the next number after it: 1 + 2^-10.
  const [one, next] = [0x3c00, 0x3c01].map((bits) => fromPython('float16', [1], Uint16Array.of(bits)))
  expect(compareValues(one!, encodeValue([1]), within).agreement).toBe('identical')
  expect(compareValues(one!, next!, within)).toMatchObject({ agreement: 'close', maxAbsolute: 2 ** -10 })
  // Two steps from 1 are a share of 0.00195, four steps from 1.9 one of 0.00205.
  const stepsFrom = (bits: number, steps: number) => {
    const [from, to] = [bits, bits + steps].map((each) => fromPython('float16', [1], Uint16Array.of(each)))
    return compareValues(from!, to!, within).agreement
  }
  expect([stepsFrom(0x3c00, 2), stepsFrom(0x3c00 + 922, 4)]).toEqual(['close', 'different'])
})

test('the first five differences are told', () => {
  expect(compare({ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7 }, {}).differences).toHaveLength(5)
})

test('of pictures the share of far numbers is said', () => {
  const picture = (values: number[]) => fromPython('uint8', [2, 2], Uint8Array.from(values))
  // Two steps of 255 are near.
  expect(compareValues(picture([9, 9, 9, 9]), picture([9, 10, 11, 12]), within).farPixels).toBe(0.25)
  expect(compareValues(picture([1, 2, 3, 4]), picture([2, 2, 3, 99]), within)).toMatchObject({
    agreement: 'different',
    farPixels: 0.25,
    maxAbsolute: 95,
    differing: 2,
  })
})

test('what cannot be looked into is not called the same', () => {
  expect(compare({ f: Symbol('x') }, { f: Symbol('x') }).agreement).toBe('not-comparable')
  const circle: Record<string, unknown> = {}
  circle.self = circle
  expect(compare(circle, circle).agreement).toBe('not-comparable')
})
