import { expect, test } from 'vitest'
import type { OpenvinoApi } from './c-api.ts'
import { codeOf, dtypeOf } from './element-types.ts'

/** A library that makes a tensor of this size of one element with the number of float64. */
const libraryOf = (bytes: number) =>
  ({ got: (name: string) => (name === 'tensor_get_byte_size' ? bytes : null), free() {} }) as unknown as OpenvinoApi

test.each([
  ['from 2025.2 on', 8, 4, 10],
  ['before, when UNDEFINED was counted', 0, 5, 11],
])('the numbers of a library %s', (_, bytes, float32, int64) => {
  const api = libraryOf(bytes)
  expect([codeOf(api, 'float32'), codeOf(api, 'int64')]).toEqual([float32, int64])
  expect([dtypeOf(api, float32), dtypeOf(api, int64)]).toEqual(['float32', 'int64'])
})

test('types that the C API does not have', () => {
  expect(() => codeOf(libraryOf(8), 'string')).toThrow("OpenVINO's C API is not fed with string")
  expect(dtypeOf(libraryOf(8), 0)).toBeNull()
})
