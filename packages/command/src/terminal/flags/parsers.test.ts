import { expect, test } from 'vitest'
import { parseDuration } from './duration.ts'
import { parseAssignment, parseShape } from './shape-flag.ts'
import { parseSize } from './size.ts'

test.each([
  ['10', 10_000],
  ['10s', 10_000],
  ['500ms', 500],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['1.5s', 1500],
  ['.5', 500],
])('%s is a duration of %d ms', (text, ms) => expect(parseDuration(text)).toBe(ms))

test.each(['', '0', '0ms', '-1', '1e3', '10 s', '10d', 's', '1.s', 'Infinity', '10S'])('%j is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined()
})

test.each([
  ['800', 800],
  ['500m', 500_000_000],
  ['2GB', 2_000_000_000],
  ['2GiB', 2 * 1024 ** 3],
  ['1.5k', 1500],
  ['7b', 7],
])('%s is a size of %d bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes))

test.each(['', '0', '-5m', '5x', 'm', '7ib', '99999999999999t'])('%j is no size', (text) =>
  expect(parseSize(text)).toBeUndefined(),
)

test.each([
  ['x=1x3x224x224', { name: 'x', shape: [1, 3, 224, 224] }],
  ['in:0/a b=2', { name: 'in:0/a b', shape: [2] }],
  ['a=b=1x2', { name: 'a=b', shape: [1, 2] }], // a dimension has no '='
  ['steps=', { name: 'steps', shape: [] }], // a scalar
  ['past=1x0x64', { name: 'past', shape: [1, 0, 64] }], // an empty dimension is legal in ONNX
])('%s is a shape', (text, shape) => expect(parseShape(text)).toEqual(shape))

test.each(['x', '=1x2', 'x=1x', 'x=ax2', 'x=-1x2', 'x=1,2', 'x=1X2', `x=1x${'9'.repeat(20)}`])('%j is no shape', (text) => {
  expect(parseShape(text)).toBeUndefined()
})

test('an assignment is split at its first =', () => {
  expect(parseAssignment('a.b=c=d')).toEqual({ name: 'a.b', value: 'c=d' })
  expect(parseAssignment('a=')).toEqual({ name: 'a', value: '' })
  expect(parseAssignment('=a')).toBeUndefined()
  expect(parseAssignment('a')).toBeUndefined()
})
