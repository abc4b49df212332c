import { expect, test } from 'vitest'
import { isSigned, signatureOf } from './signature.ts'

const key = 'a key of the whole fleet'

test('a signature is that of the content, whatever the order of its keys, and of the key', () => {
  const signature = signatureOf({ a: 1, b: { c: [2, null], d: 'x' } }, key)
  expect(isSigned({ b: { d: 'x', c: [2, null] }, a: 1 }, signature, key)).toBe(true)
  for (const other of [{ a: 1 }, { a: 1, b: { c: [null, 2], d: 'x' } }, { a: '1', b: { c: [2, null], d: 'x' } }, null])
    expect(isSigned(other, signature, key)).toBe(false)
  expect(isSigned({ a: 1, b: { c: [2, null], d: 'x' } }, signature, 'the key of another fleet')).toBe(false)
})

test('two signatures are compared in a time that does not say where they differ', () => {
  // Nothing else in it compares one with the other.
  expect(isSigned.toString().match(/\btimingSafeEqual\b/g)).toHaveLength(1)
  expect(isSigned.toString()).not.toMatch(/[!=]==\s*(\w+\.)?signatureOf|signatureOf\)?\([^)]*\)\s*[!=]==/)
})

test.each([undefined, null, 1, '', 'ab', 'AB'.repeat(32), 'ab'.repeat(33), ['ab'.repeat(32)]])('%j is none', (signature) => {
  expect(isSigned(1, signature, key)).toBe(false)
})
