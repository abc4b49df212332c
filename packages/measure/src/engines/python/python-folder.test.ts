import { expect, test } from 'vitest'
import { type BackendTime, fastestBackends } from './python-folder.ts'

const times = (...rows: [number, number, number][]): BackendTime[] =>
  rows.map(([rows, c, wasmtime]) => ({ rows, us: { c, wasmtime } }))

test.each([
  ['one alone runs here', [], []],
  ['the first is the fastest', times([1, 5, 9], [1000, 500, 900]), [{ from: 1, backend: 'c' }]],
  ['the other one is', times([1, 9, 5], [1000, 900, 500]), [{ from: 1, backend: 'wasmtime' }]],
  [
    'each has its numbers of rows',
    times([1, 5, 9], [128, 90, 80], [1000, 900, 500]),
    [
      { from: 1, backend: 'c' },
      { from: 128, backend: 'wasmtime' },
    ],
  ],
  ['a gain within the noise changes nothing', times([1, 5, 9], [1000, 102, 100]), [{ from: 1, backend: 'c' }]],
])('%s', (_, given, expected) => {
  expect(fastestBackends(given as BackendTime[])).toEqual(expected)
})
