import { expect, test } from 'vitest'
import { parseRecord } from './json.ts'

test('what Python writes is read, and what no model has is refused', () => {
  expect(parseRecord('{"a": NaN, "b": -Infinity, "c": Infinity, "NaN": "NaN \\" Infinity"}', 'm')).toEqual({
    a: null,
    b: Number.NEGATIVE_INFINITY,
    c: Number.POSITIVE_INFINITY,
    NaN: 'NaN " Infinity',
  })
  expect(() => parseRecord('[1]', 'm: config.json')).toThrow('m: config.json is damaged (no JSON)')
  expect(() => parseRecord(`${'['.repeat(1000)}${']'.repeat(1000)}`, 'm')).toThrow('m is too large to be a model')
})
