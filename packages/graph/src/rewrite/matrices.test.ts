import fc from 'fast-check'
import { expect, test } from 'vitest'
import { transposeMatrix } from './matrices.ts'

test('transposed: every element at its place, beyond one square of the cache', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 130 }), fc.integer({ min: 1, max: 130 }), (rows, columns) => {
      const matrix = Int8Array.from({ length: rows * columns }, (_, k) => (k * 7) % 127)
      const turned = transposeMatrix(matrix, rows, columns)
      for (let k = 0; k < 20; k++) {
        const [row, column] = [(k * 31) % rows, (k * 17) % columns]
        expect(turned[column * rows + row]).toBe(matrix[row * columns + column])
      }
      expect(transposeMatrix(turned, columns, rows)).toEqual(matrix)
    }),
    { numRuns: 30 },
  )
})
