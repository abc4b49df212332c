import { expect, test } from 'vitest'
import { fitLine } from './fit-line.ts'

test('fits an exact line, and nothing to two points', () => {
  const points = [1, 2, 4, 8].map((x) => ({ x, y: 3 + 2 * x }))
  const line = fitLine(points)
  expect(line!.fixed).toBeCloseTo(3)
  expect(line!.perUnit).toBeCloseTo(2)
  expect(fitLine(points.slice(0, 2))).toBeUndefined()
})
