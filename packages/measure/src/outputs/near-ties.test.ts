import { describe, expect, test } from 'vitest'
import type { Results } from '../engines/types.ts'
import { compareOutputs } from './compare.ts'
import { DEFAULT_LOSS_LIMITS, verdict } from './verdict.ts'

/** A row's margin in the original, and by how much the candidate makes it smaller. */
type Row = readonly [margin: number, moved: number]
const rows = (count: number, row: Row): Row[] => Array.from({ length: count }, () => row)

/** Scores of two classes, a sample each, the first class the better. They lie at 10, so that rows that move keep their direction. */
const scores = (margins: readonly number[]): Results[] =>
  margins.map((margin) => ({ scores: { dtype: 'float32', shape: [1, 2], data: Float32Array.of(10, 10 - margin) } }))
/** Shares above a threshold of 0.5. */
const shares = (margins: readonly number[]): Results[] =>
  margins.map((margin) => ({ prob: { dtype: 'float32', shape: [1, 1], data: Float32Array.of(0.5 + margin) } }))

const compared = (all: readonly Row[], madeUp: boolean, of = scores) =>
  compareOutputs(of(all.map(([margin]) => margin)), of(all.map(([margin, moved]) => margin - moved)), { madeUp })
const judged = (all: readonly Row[], madeUp = true, of = scores) =>
  verdict(compared(all, madeUp, of), 'approximate', DEFAULT_LOSS_LIMITS)

describe('a decision that differs on made-up rows', () => {
  const nearTie = [...rows(63, [1, 0.01]), [0.005, 0.01] as const]

  test('is not counted where the original was as good as tied', () => {
    // Margins of 1, moved by 0.01: 0.01 / (4 x 1) of evenly spread rows differ. Twice their root mean square is 0.02.
    const { outputs } = compared(nearTie, true)
    expect(outputs[0]!.decisions).toMatchObject({ rows: 64, differing: 1, nearTies: { differing: 1 } })
    expect(outputs[0]!.decisions!.nearTies!.expected).toBeCloseTo(0.0025, 6)
    expect(judged(nearTie)).toMatchObject({ ok: true, reason: expect.stringMatching(/; 1 decision that differs was a near tie/) })
  })

  test('is counted on the rows of a user', () => {
    expect(compared(nearTie, false).outputs[0]!.decisions).toEqual({ rows: 64, differing: 1 })
    expect(judged(nearTie, false)).toMatchObject({ ok: false, reason: expect.stringMatching(/^top-1 agreement 0.984, below/) })
  })

  test.each([
    // Of 63 moves of 0.01 and one of 0.021 the root mean square is 0.010263.
    ['within twice of what scores move by', 0.02, true],
    ['beyond it', 0.0209, false],
  ])('%s', (_, margin, ok) => expect(judged([...rows(63, [1, 0.01]), [margin, 0.021]]).ok).toBe(ok))

  test.each([
    ['such moves change 0.98 % of evenly spread rows', 0.039, true],
    ['such moves change 1.03 %', 0.041, false],
  ])('%s', (_, moved, ok) => expect(judged([...rows(63, [1, moved]), [0.005, moved]]).ok).toBe(ok))

  test('is held to the loss that is allowed', () => {
    const { ok } = verdict(compared(nearTie, true), 'approximate', 0.002)
    expect([ok, verdict(compared(nearTie, true), 'approximate', 0.003).ok]).toEqual([false, true])
  })

  test('moves of rows that are surer than half of them say nothing of near ties', () => {
    // Of 33 rows that are less sure, 32 move by 0.001: a margin of 0.005 is clear to them.
    const sure = [...rows(31, [3, 0.5]), ...rows(32, [1, 0.001]), [0.005, 0.0055] as const]
    expect(compared(sure, true).outputs[0]!.decisions!.nearTies).toMatchObject({ differing: 0 })
  })

  test('counts on fewer than eight rows, which do not show how far scores move', () => {
    expect(judged([...rows(7, [1, 0.01]), [0.005, 0.01]]).ok).toBe(true)
    expect(judged([...rows(6, [1, 0.01]), [0.005, 0.01]]).ok).toBe(false)
  })

  test('of shares is near the threshold on either side', () => {
    // Moved by 0.001 at margins of 0.25.
    const near = (margin: number): Row[] => [...rows(63, [0.25, 0.001]), [margin, 0.0019]]
    expect([judged(near(0.0018), true, shares).ok, judged(near(0.0018), false, shares).ok]).toEqual([true, false])
    expect(judged([...rows(63, [0.25, 0.001]), [0.0035, 0.004]], true, shares).ok).toBe(false)
  })

  test('of another output counts, though one has more near ties', () => {
    const both = (a: readonly Row[], b: readonly Row[]) => {
      const [from, to] = [0, 1].map((side) => {
        const of = (all: readonly Row[]) => scores(all.map(([margin, moved]) => margin - side * moved))
        return of(a).map(({ scores }, k) => ({ scores: scores!, otherScores: of(b)[k]!.scores! }))
      })
      return verdict(compareOutputs(from!, to!, { madeUp: true }), 'approximate', DEFAULT_LOSS_LIMITS).ok
    }
    const three = [...rows(61, [1, 0.01]), ...rows(3, [0.005, 0.01])]
    expect(both(three, rows(64, [1, 0.01]))).toBe(true)
    expect(both(three, [...rows(63, [1, 0.01]), [0.5, 0.6]])).toBe(false)
  })
})

test('scores of made-up rows have one cosine, which a row that decides nothing has no part in', () => {
  // The last row's scores are as good as 0: its own cosine is 0.
  const of = (last: readonly [number, number]): Results[] =>
    [...Array.from({ length: 20 }, () => [3, -3] as const), last].map((row) => ({
      scores: { dtype: 'float32', shape: [1, 2], data: Float32Array.from(row) },
    }))
  const cosineIf = (madeUp: boolean) => compareOutputs(of([0.05, 0]), of([0.05, 0.05]), { madeUp }).cosine!
  expect(cosineIf(false)).toBeCloseTo(Math.SQRT1_2, 6)
  expect(cosineIf(true)).toBeGreaterThan(0.9999)
})
