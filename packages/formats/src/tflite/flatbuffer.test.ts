import { InputError } from '@whyslow/graph/input-error.ts'
import { describe, expect, test } from 'vitest'
import { onlyFull } from '../../../../test/only-full.ts'
import { bytes, int32, table, tables, text, union, vector } from './fields.ts'
import { readRoot } from './flatbuffer.ts'

/** Numbers of 32 bits in a row. */
const words = (...values: number[]): Uint8Array<ArrayBuffer> => new Uint8Array(Uint32Array.from(values).buffer)

describe('a table of a FlatBuffer', () => {
  test('fields stand where the vtable says; what is absent is what that means', () => {
    // 0: root at 8. 4: vtable of 8 bytes, a table of 8, slot 0 at +4, slot 1 absent. 12: the table, its vtable 8 before.
    const file = words(12, 0x0008_0008, 0x0000_0004, 8, 42)
    file.set(words(8), 12)
    const row = readRoot(file, { answer: int32(), other: int32(7), name: text(), list: vector('int32') }, 'a.tflite')
    expect(row).toEqual({ answer: 42, other: 7, name: '', list: [] })
  })

  test('content stays where it lies', () => {
    // vtable at 4 (6 bytes, slot 0 at +4), table at 12, its vector at 20: two bytes.
    const file = words(12, 0x0008_0006, 0x0000_0004, 8, 4, 2, 0x0201)
    const { data } = readRoot(file, { data: bytes() }, 'a.tflite')
    expect([...data]).toEqual([1, 2])
    expect(data.buffer).toBe(file.buffer)
  })

  test('a member of a union that a newer schema has is told by its number', () => {
    // Slots 0 and 1 of the table at 12: number 9, and any table (itself).
    const file = words(16, 0x000c_0008, 0x0008_0004, 0, 12, 9, 0)
    file.set(words(0xffff_fff8), 24)
    expect(() => readRoot(file, { choice: union({ One: {} }) }, 'a.tflite')).not.toThrow()
    expect(readRoot(file, { choice: union({ One: {} }) }, 'a.tflite').choice).toEqual({ member: 'number 9', fields: {} })
  })
})

describe('whatever lies outside the file is refused', () => {
  const schema = { list: tables({ name: text(), inner: table({ list: vector('int64') }) }) }

  test.each([
    ['nothing', new Uint8Array(0)],
    ['eight bytes', words(8, 0x334c4654)],
    ['a root outside', words(0xffff_fff0)],
    ['a vtable outside', words(4, 0x7fff_ffff)],
    ['a vector as long as memory', words(12, 0x0008_0006, 0x0000_0004, 8, 4, 0xffff_ffff)],
  ])('%s', (_, file) => {
    expect(() => readRoot(file, schema, 'a.tflite')).toThrow(InputError)
  })

  test('a million names of one table of many fields', (context) => {
    onlyFull(context, 'a file of 4 MB')
    const count = 1_000_000
    const end = 24 + 4 * count
    const whole = new Uint8Array(end + 12)
    whole.set(words(12, 0x0008_0006, 0x0000_0004, 8, 4, count))
    // Each offset leads to the table behind the list.
    const view = new DataView(whole.buffer)
    for (let k = 0; k < count; k++) view.setInt32(24 + 4 * k, (count - k) * 4, true)
    // A table without fields: its vtable stands behind it.
    whole.set(words(-4 >>> 0, 0x0004_0004), end)
    const fields = Object.fromEntries(Array.from({ length: 10 }, (_, k) => [`field${k}`, int32()]))
    expect(() => readRoot(whole, { list: tables(fields) }, 'a.tflite')).toThrow(/name each other too often/)
  })

  test('a table that names one other a million times', () => {
    // Eight levels, each a table with 64 names of the one below: 64⁸ tables in 2 kB. Each is: its vtable's distance, where its vector is
    // named (4 on), how long the vector is, and the 64 names.
    const [first, width, levels] = [12, 64, 8]
    const tableAt = (level: number) => first + level * (3 + width) * 4
    const level = (k: number) => [
      tableAt(k) - 4,
      4,
      width,
      ...Array.from({ length: width }, (_, j) => tableAt(k + 1) - tableAt(k) - 12 - j * 4),
    ]
    const file = words(
      first,
      0x0008_0006,
      0x0000_0004,
      ...Array.from({ length: levels }, (_, k) => level(k)).flat(),
      tableAt(levels) - 4,
    )
    const deep = (depth: number): Parameters<typeof readRoot>[1] => (depth === 0 ? {} : { list: tables(deep(depth - 1)) })
    expect(() => readRoot(file, deep(levels), 'a.tflite')).toThrow(/name each other too often/)
    expect(() => readRoot(file, deep(2), 'a.tflite')).not.toThrow()
  })
})
