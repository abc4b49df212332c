import { exampleNpy } from '@whyslow/graph/support/example-npy.ts'
import { expect, test } from 'vitest'
import { readNpy } from './npy.ts'

test.each(['<U0', '|S0', '|S', '<U'])('elements of no bytes are refused where they are many: %s', (descr) => {
  const bytes = exampleNpy(descr, [900_000_000], new Uint8Array(0))
  expect(() => readNpy(bytes, 'x.npy')).toThrow(
    /^x\.npy: it claims 900000000 elements of no bytes; save it again with numpy\.save$/,
  )
  expect(readNpy(exampleNpy(descr, [2], new Uint8Array(0)), 'x.npy').data).toEqual(['', ''])
})

test('Fortran order is turned to row-major', () => {
  // np.asfortranarray(np.arange(6).reshape(2, 3)) stores element (i, j) at i + 2j.
  const stored = Float64Array.of(0, 3, 1, 4, 2, 5)
  expect(readNpy(exampleNpy('<f8', [2, 3], stored, { fortran: true }), 'x.npy').data).toEqual(Float64Array.of(0, 1, 2, 3, 4, 5))
  const words = Uint32Array.from([97, 98, 99, 100])
  expect(readNpy(exampleNpy('<U1', [2, 2], words, { fortran: true }), 'x.npy').data).toEqual(['a', 'c', 'b', 'd'])
})

test('a text of a million characters is read', () => {
  const bytes = exampleNpy('<U1000000', [1], new Uint32Array(1_000_000).fill(0x1f600))
  expect(readNpy(bytes, 'x.npy').data).toEqual(['\u{1f600}'.repeat(1_000_000)])
})
