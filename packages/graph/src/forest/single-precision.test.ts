import { describe, expect, test } from 'vitest'
import { exampleForest, exampleTabular } from '../../test/support/forest/example-forest.ts'
import { evaluateRow } from './evaluate.ts'
import { roundedDown, roundedUp } from './rounding.ts'
import { compareRows, hasDoubles, singlePrecision } from './single-precision.ts'

const below = (value: number): number => value * (1 - 2 ** -24)

describe('a threshold', () => {
  test.each([0.1, 1 / 3, -1 / 3, 1e-46, -1e-46, 1e39, 0, 2])('%d, rounded to float32, stays on its side', (value) => {
    const [down, up] = [roundedDown(value), roundedUp(value)]
    expect(Math.fround(down)).toBe(down)
    expect(Math.fround(up)).toBe(up)
    expect(down).toBeLessThanOrEqual(value)
    expect(up).toBeGreaterThanOrEqual(value)
  })
})

describe('a model in float32', () => {
  const forest = exampleForest([{ feature: 0, threshold: 0.1, test: 'lessOrEqual', yes: 1, no: 2 }], { compare: 'float64' })
  const exact = exampleTabular(forest, { label: { classes: [0, 1], from: 'margin', by: 'above', cut: 1.5 } })
  const single = singlePrecision(exact)!

  test('decides the same of every float32', () => {
    for (const x of [0.1, below(0.1), 0.2, -5].map(Math.fround))
      expect(evaluateRow(single, [x, 0, 0, 0]).label).toBe(evaluateRow(exact, [x, 0, 0, 0]).label)
    expect([hasDoubles(exact), hasDoubles(single)]).toEqual([true, false])
  })

  test('decides otherwise between a threshold and the next float32, which is counted', () => {
    const rows = [0.1, 0.2, Math.fround(0.1)].map((x) => [x, 0, 0, 0])
    expect(compareRows(exact, single, rows)).toEqual({ rows: 3, otherLeaves: 1, otherLabels: 1, largestDifference: 1 })
  })

  test('has no linear leaves', () => {
    const none = new Float64Array(0)
    const linearLeaves = { constant: none, starts: Int32Array.of(0), feature: new Int32Array(0), coefficient: none }
    expect(singlePrecision(exampleTabular({ ...forest, linearLeaves }))).toBeUndefined()
  })
})
