import { expect, test } from 'vitest'
import { MOST_LISTED } from './parse-memory.ts'
import { decodeRaw, encodeRaw } from './raw-tensor.ts'

test('numbers come back as they went, from any offset', () => {
  const tensor = { dtype: 'float64' as const, shape: [2], data: Float64Array.of(1, -2) }
  const bytes = Buffer.concat([Buffer.from([9]), encodeRaw(tensor)]).subarray(1)
  expect(decodeRaw({ name: 'x', dtype: 'float64', shape: [2] }, bytes)).toEqual(tensor)
  expect(() => decodeRaw({ name: 'x', dtype: 'float32', shape: [2] }, bytes)).toThrow(/16 bytes are not the 8/)
})

test('strings have their length before them', () => {
  const tensor = { dtype: 'string' as const, shape: [2], data: ['ü', ''] }
  const bytes = Buffer.from(encodeRaw(tensor))
  expect([...bytes]).toEqual([2, 0, 0, 0, 0xc3, 0xbc, 0, 0, 0, 0])
  expect(decodeRaw({ name: 's', dtype: 'string', shape: [2] }, bytes)).toEqual(tensor)
  for (const wrong of [bytes.subarray(0, 9), Buffer.concat([bytes, bytes]), Buffer.from([255, 255, 255, 255])])
    expect(() => decodeRaw({ name: 's', dtype: 'string', shape: [2] }, wrong)).toThrow(/not the 2 strings/)
})

test('strings without end are refused before they are read', () => {
  const shape = [MOST_LISTED + 1]
  expect(() => decodeRaw({ name: 's', dtype: 'string', shape }, Buffer.alloc(4))).toThrow(
    expect.objectContaining({ status: 413, message: expect.stringMatching(/^input 's': more than \d+ strings/) }),
  )
})

test('strings that are no UTF-8 are refused, and not changed', () => {
  const bytes = Buffer.from([2, 0, 0, 0, 0xc3, 0x28, 0, 0, 0, 0])
  expect(() => decodeRaw({ name: 's', dtype: 'string', shape: [2] }, bytes)).toThrow(/'s': its string 0 is not UTF-8/)
})
