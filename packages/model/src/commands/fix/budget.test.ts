// The time of a search: as it is given, as it is by default, and as it is printed.
import { expect, test } from 'vitest'
import { budgetFor, budgetPlan } from './budget.ts'

test.each([
  [0.01, 75],
  [8, 75],
  [299, 75],
  // A process, a load, and eight predictions: 250 + 100 + 8 * 300 = 2750, of which there are 24 + 5 * 4 * 2 = 64.
  [300, 176],
  [350, 202],
  [1000, 535],
])('by default, a model of %d ms gets %d s', (predictionMs, seconds) => {
  expect(budgetFor(null, { loadMs: 100, predictionMs })).toMatchObject({ seconds, isDefault: true })
})

test('what is given holds, however slow the model is', () => {
  expect(budgetFor(30, { loadMs: 100, predictionMs: 1000 })).toMatchObject({ seconds: 30, isDefault: false })
})

test('it is counted in predictions, too', () => {
  // 8 of each reading.
  expect(budgetFor(null, { loadMs: 100, predictionMs: 350 }).predictions).toBe(Math.round((202_000 * 8) / 3150))
  // A reading of 10 ms: 250 + 100 + 10, 120 of warm-up and 250 of samples: 38 predictions in 730 ms.
  expect(budgetFor(75, { loadMs: 100, predictionMs: 10 }).predictions).toBe(Math.round((75_000 * 38) / 730))
})

test('the plan says how long it takes, and how to have it shorter', () => {
  expect(budgetPlan(budgetFor(null, { loadMs: 300, predictionMs: 400 }))).toBe(
    'Then the remedies: about 4 minutes, some 512 predictions, and the last proof (--budget 60s for less).',
  )
  expect(budgetPlan(budgetFor(30, { loadMs: 100, predictionMs: 400 }))).toMatch(
    /^Then the remedies: about 30 s, some \d+ predictions, and the last proof \(--budget\)\.$/,
  )
})
