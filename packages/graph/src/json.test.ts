import { expect, test } from 'vitest'
import { fieldsOf, isObject, jsonValue } from './json.ts'

test('what is no JSON is nothing', () => {
  expect([jsonValue('{"a":[1]}'), jsonValue('null'), jsonValue('{"a":'), jsonValue('')]).toEqual([
    { a: [1] },
    null,
    undefined,
    undefined,
  ])
})

test('lists and null are no objects', () => {
  expect([{}, { a: 1 }, [], null, 'a', undefined].map(isObject)).toEqual([true, true, false, false, false, false])
  expect([{ a: 1 }, [1], null].map(fieldsOf)).toEqual([{ a: 1 }, {}, {}])
})
