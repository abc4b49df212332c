import { expect, test } from 'vitest'
import { InputError } from './input-error.ts'
import { fieldsOf, isObject, jsonValue, objectOrNull, parseJson, textOrNull } from './json.ts'

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
  expect([{ a: 1 }, [1], null].map(objectOrNull)).toEqual([{ a: 1 }, null, null])
})

test('an empty text, and what is no text, is null', () => {
  expect(['a', '', 1, null].map(textOrNull)).toEqual(['a', null, null, null])
})

test('a text that is not JSON is refused in the words of its reader, with those of the parser', () => {
  expect(parseJson('[1]', () => new InputError('x.json'))).toEqual([1])
  expect(() => parseJson('{', (words) => new InputError(`x.json: ${words}`))).toThrow(/^x\.json: .*JSON/)
})
