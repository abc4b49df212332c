import { describe, expect, test } from 'vitest'
import { type BatchCost, chooseBatch, delayToTry, fittedLine, rowsWithoutLoss } from './batch-cost.ts'

const costsOf = (cost: (rows: number) => number, most = 32): BatchCost[] => {
  const costs: BatchCost[] = []
  for (let rows = 1; rows <= most; rows *= 2) costs.push({ rows, ms: cost(rows) })
  return costs
}

describe('rows that are joined', () => {
  test('none where rows cost as much together as alone', () => {
    expect(
      chooseBatch(
        costsOf((b) => 0.1 + 2 * b),
        null,
        0,
      ),
    ).toEqual({
      mostRows: 1,
      why: 'a prediction of 32 rows takes 30.5 times as long as one of 1',
      gain: 1,
    })
  })

  test('as many as gain nearly the most, and none past the upturn', () => {
    // Gains 1, 1.8, 3, 4.5, 6, 7.2 of rows 1 to 32.
    expect(
      chooseBatch(
        costsOf((b) => 8 + b),
        null,
        0,
      ).mostRows,
    ).toBe(32)
    // A tenth more answers from the workers is worth a try on the whole server.
    const some = chooseBatch(
      costsOf((b) => 0.12 + b),
      null,
      0,
    )
    expect([some.why, some.gain]).toEqual([null, expect.closeTo((4 * 1.12) / 4.12, 9)])
    // A row of 8 costs 2 ms, of 16 2.5 ms.
    expect(
      chooseBatch(
        costsOf((b) => (b <= 8 ? 8 + b : 2.5 * b)),
        null,
        0,
      ).mostRows,
    ).toBe(8)
    // 16 rows give 4.5 times one by one, 32 rows 4.56 times: nobody is to wait for so little.
    const flat = [1, 2, 4, 8, 16, 32].map((rows) => ({ rows, ms: [9, 10, 12, 16, 32, 63.2][Math.log2(rows)]! }))
    expect(chooseBatch(flat, null, 0).mostRows).toBe(8)
  })

  test('only so many that a request has time for two of them', () => {
    const costs = costsOf((b) => 8 + b)
    // 2 · (8 + 4) = 24 ms, 2 · (8 + 8) = 32 ms.
    expect(chooseBatch(costs, 25, 0).mostRows).toBe(4)
    // And for the wait before them: 24 + 2 ms.
    expect(chooseBatch(costs, 25, 2).mostRows).toBe(2)
    expect(chooseBatch(costs, 5, 0)).toEqual({
      mostRows: 1,
      why: 'two predictions of as many rows as would pay take longer than the 5 ms that an answer may take',
      gain: 1,
    })
  })
})

test('rows that are joined though no whole batch waits are those that are answered no later so', () => {
  // 2 rows: 10 ms, one by one on average 13.5; 16 rows: 24 ms and 76.5.
  expect(
    rowsWithoutLoss(
      costsOf((b) => 8 + b),
      16,
      1,
    ),
  ).toBe(16)
  // 2 rows: 3.2 ms, one by one 3.15 on average; 32 rows gain 1.9 times.
  expect(
    rowsWithoutLoss(
      costsOf((b) => 1 + 1.1 * b),
      32,
      1,
    ),
  ).toBe(1)
  // 4 rows: 5 ms and 5 ms; 8 rows: 10 ms and 9.
  expect(
    rowsWithoutLoss(
      [1, 2, 4, 8].map((rows) => ({ rows, ms: [2, 3, 5, 10][Math.log2(rows)]! })),
      8,
      1,
    ),
  ).toBe(4)
  // The second of two workers is free half a prediction later: 2 rows end after 3 ms together, one by one after 2 and 3.
  expect(
    rowsWithoutLoss(
      [1, 2, 4, 8].map((rows) => ({ rows, ms: [2, 3, 5, 10][Math.log2(rows)]! })),
      8,
      2,
    ),
  ).toBe(1)
  expect(
    rowsWithoutLoss(
      costsOf((b) => 8 + b),
      16,
      2,
    ),
  ).toBe(16)
})

describe('the line of costs', () => {
  test('is found again', () => {
    const { perRowMs, fixedMs } = fittedLine(costsOf((b) => 3 + 0.5 * b))
    expect([perRowMs, fixedMs]).toEqual([expect.closeTo(0.5, 9), expect.closeTo(3, 9)])
  })

  test('has no negative part', () => {
    expect(fittedLine(costsOf((b) => b ** 1.2)).fixedMs).toBe(0)
    expect(fittedLine(costsOf(() => 4))).toEqual({ perRowMs: expect.closeTo(0, 9), fixedMs: expect.closeTo(4, 9) })
    expect(fittedLine([{ rows: 1, ms: 4 }]).perRowMs).toBe(0)
  })
})

describe('a delay', () => {
  const cheap = costsOf((b) => 8 + b)
  test('is worth a try where a second row is cheap, there is time, and somebody comes meanwhile', () => {
    // A batch of 4 takes 12 ms: of 50 ms 26 are left, half of them is more than a batch.
    expect(delayToTry(cheap, 4, { withinMs: 50, ratePerSecond: 100 })).toBe(12)
    expect(delayToTry(cheap, 4, { withinMs: 34, ratePerSecond: 300 })).toBe(5)
  })

  test('is not where any of that is missing', () => {
    expect(
      delayToTry(
        costsOf((b) => 1 + 2 * b),
        4,
        { withinMs: 500, ratePerSecond: 100 },
      ),
    ).toBe(0)
    expect(delayToTry(cheap, 4, { withinMs: 24, ratePerSecond: 1000 })).toBe(0)
    expect(delayToTry(cheap, 4, { withinMs: 50, ratePerSecond: 10 })).toBe(0)
    expect(delayToTry([{ rows: 1, ms: 1 }], 1, { withinMs: 50, ratePerSecond: 1000 })).toBe(0)
  })
})
