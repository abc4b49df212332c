import { InputError } from '@whyslow/graph/input-error.ts'
import { exampleNpy } from '@whyslow/graph/support/example-npy.ts'
import { expect, test } from 'vitest'
import { readNpy } from './npy.ts'

const upTo = (count: number) => Float64Array.from({ length: count }, (_, k) => k)

test.each(['<U0', '|S0', '|S', '<U'])('elements of no bytes are refused where they are many: %s', (descr) => {
  const bytes = exampleNpy(descr, [900_000_000], new Uint8Array(0))
  expect(() => readNpy(bytes, 'm.skops')).toThrow(InputError)
})

test.each([
  ['a shape of too many elements', exampleNpy('<f8', [2 ** 53 - 1, 2 ** 53 - 1], upTo(0)), /is not a shape/],
  ['a shape of too many axes', exampleNpy('<f8', Array(65).fill(1), upTo(1)), /is not a shape/],
  ['a long header', exampleNpy('<f8', [1], upTo(1), { padding: 20_000 }), /its header has \d+ bytes, more than 10000/],
  ['fields on each other', exampleNpy(fields(['a', 'b'], 8), [1], upTo(1)), /a field of type f8 is not read/],
  ['a field of no type', exampleNpy(fields(['a'], 8, 'constructor'), [1], upTo(1)), /a field of type constructor is not read/],
])('%s is refused', (_, bytes, message) => {
  expect(() => readNpy(bytes, 'm.skops')).toThrow(InputError)
  expect(() => readNpy(bytes, 'm.skops')).toThrow(message)
})

function fields(names: readonly string[], itemsize: number, type = '<f8'): string {
  const list = (words: readonly string[]) => words.map((word) => `'${word}'`).join(', ')
  return `{'names': [${list(names)}], 'formats': [${list(names.map(() => type))}], 'offsets': [${names.map(() => 0)}], 'itemsize': ${itemsize}}`
}

test('Fortran order is turned to row-major, whatever the rank', () => {
  // np.asfortranarray(np.arange(24).reshape(2, 3, 4)) stores element (i, j, k) at i + 2j + 6k.
  const stored = new Float64Array(24)
  for (let i = 0; i < 2; i++)
    for (let j = 0; j < 3; j++) for (let k = 0; k < 4; k++) stored[i + 2 * j + 6 * k] = 12 * i + 4 * j + k
  const bytes = exampleNpy('<f8', [2, 3, 4], stored, { fortran: true })
  expect([...readNpy(bytes, 'm.skops').numbers]).toEqual([...upTo(24)])
})
