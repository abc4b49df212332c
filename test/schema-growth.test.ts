import { expect, test } from 'vitest'
import { lost } from './schema-growth.ts'

const schema = (properties: object, required: readonly string[] = Object.keys(properties), $defs: object = {}) => ({
  properties,
  required,
  $defs,
})
const number = { type: 'number' }

test('what is added and optional loses nothing', () => {
  expect(lost(schema({ a: number }), schema({ a: number, b: number }, ['a']))).toEqual([])
  expect(lost(schema({ a: { enum: ['x'] } }), schema({ a: { enum: ['x', 'y'] } }))).toEqual([])
  expect(lost(schema({ a: number }), schema({ a: { type: ['number', 'null'] } }))).toEqual([])
})

test.each([
  ['a field that is gone', schema({}), 'a is gone'],
  ['another type', schema({ a: { type: 'string' } }), 'a is no longer number'],
  ['a new field that is required', schema({ a: number, b: number }), '.b became required, which earlier documents lack'],
  ['a field that may be missing', schema({ a: number }, []), '.a may be missing now, which readers do not expect'],
])('%s', (_, now, says) => expect(lost(schema({ a: number }), now)).toEqual([says]))

test('what is named, listed or one of several is looked into', () => {
  const a = { type: 'array', items: { anyOf: [{ $ref: '#/$defs/Part' }, { type: 'null' }] } }
  const before = schema({ a }, ['a'], { Part: schema({ x: number }) })
  expect(lost(before, before)).toEqual([])
  expect(lost(before, schema({ a }, ['a'], { Part: schema({}) }))).toEqual(['a[] (alternative 1): a[].x is gone'])
  expect(lost(schema({ a: { enum: ['x', 'y'] } }), schema({ a: { enum: ['x'] } }))).toEqual(['a no longer allows "y"'])
})
