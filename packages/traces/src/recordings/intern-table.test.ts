import { expect, test } from 'vitest'
import { InternTable } from './intern-table.ts'

test('equal strings have one number, however many there are', () => {
  const interned = new InternTable()
  const names = Array.from({ length: 20_000 }, (_, i) => `aten::op_${i % 9000}`)
  const ids = names.map((name) => interned.idOf(name))
  expect(interned.length).toBe(9000)
  expect(ids.slice(9000, 18_000)).toEqual(ids.slice(0, 9000))
  expect(interned.texts().slice(8998)).toEqual(['aten::op_8998', 'aten::op_8999'])
})

test('the empty string is one of them, and escapes are read', () => {
  const interned = new InternTable()
  expect([interned.idOf(''), interned.idOf('a\\u0041'), interned.idOf('')]).toEqual([0, 1, 0])
  expect(interned.texts()).toEqual(['', 'aA'])
})

test('beyond 400,000 strings new ones are one, and those that are known keep their numbers', () => {
  const interned = new InternTable()
  for (let i = 0; i < 400_000; i++) interned.idOf(String(i))
  const other = interned.idOf('new')
  expect(interned.idOf('newer')).toBe(other)
  expect(interned.text(other)).toBe('(other names)')
  expect(interned.idOf('399999')).toBe(399_999)
  const bytes = Buffer.from('newest')
  expect(interned.knownOrNew(bytes, 0, bytes.length)).toBe(-1)
})
