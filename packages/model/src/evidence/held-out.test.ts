import { DEFAULT_LOSS_LIMITS } from '@whyslow/measure/outputs/index.ts'
import { describe, expect, test } from 'vitest'
import { onlyFull } from '../../../../test/only-full.ts'
import { sharePassing } from '../../test/support/evidence/example-held-out.ts'
import { heldOut, rowsForBoth, rowsToProve } from './held-out.ts'

const ones = (count: number) => new Array<number>(count).fill(1)

describe('rows that prove', () => {
  test('are half of them, in an order of chance, and choose nothing', () => {
    const { choose, prove } = heldOut(ones(600), 299)!
    expect([choose.length, prove.length]).toEqual([300, 300])
    expect(new Set([...choose, ...prove]).size).toBe(600)
    // Data that are sorted by class have each class in both halves.
    expect(prove.filter((row) => row < 60).length).toBeGreaterThan(15)
    expect(heldOut(ones(600), 299)).toEqual({ choose, prove })
  })

  test('are as many as the limit takes where half would be too few', () => {
    const { choose, prove } = heldOut(ones(500), 299)!
    expect([choose.length, prove.length]).toEqual([201, 299])
  })

  test.each([
    ['fewer than both take', ones(398), 299],
    ['enough rows in few samples', new Array<number>(12).fill(100), 299],
    ['no loss allowed', ones(5000), Number.POSITIVE_INFINITY],
  ])('are none: %s', (_, rows, needed) => {
    expect(heldOut(rows, needed)).toBeNull()
  })

  test('are counted by sample where a sample holds several', () => {
    const { choose, prove } = heldOut(new Array<number>(100).fill(8), 299)!
    expect([choose.length, prove.length]).toEqual([50, 50])
  })

  test('never number more than twice what one part takes', () => {
    for (const limit of [0.01, 0.05, 0.2])
      expect(rowsForBoth(rowsToProve(limit, true))).toBeLessThanOrEqual(2 * rowsToProve(limit, true))
    // 0.99^299 = 0.0495.
    expect(rowsToProve(0.01, false)).toBe(299)
    expect(rowsToProve({ ...DEFAULT_LOSS_LIMITS, metric: 0.02 }, true)).toBe(149)
    expect(rowsToProve({ ...DEFAULT_LOSS_LIMITS, metric: 0.02 }, false)).toBe(299)
    expect(rowsToProve(0, true)).toBe(Number.POSITIVE_INFINITY)
    expect(rowsToProve(40, true)).toBe(5)
  })
})

describe('a loss of twice what is allowed, chosen as the best of several on the rows that calibrated it', () => {
  test('is accepted in 5 of 100 runs at most by rows of their own, and far more often by the same rows', () => {
    expect(sharePassing(500, 200, false)).toBeLessThanOrEqual(0.05)
    expect(sharePassing(500, 100, true)).toBeGreaterThan(0.25)
  })

  test.for([400, 500, 600, 1000])('over many seeds, %d rows', (rows, context) => {
    onlyFull(context, '2000 choices a number of rows')
    expect(sharePassing(rows, 2000, false)).toBeLessThanOrEqual(0.05)
  })
})
