// The time of a search: as it is given, as it is by default, and as it is printed.
import { expect, test } from 'vitest'
import { exampleRemedy } from '../../../test/support/tune/example-bench.ts'
import { run, times } from '../../../test/support/tune/example-search.ts'
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
    /^Then the remedies: about 30 s, some \d+ predictions, and the last proof \(as --budget says\)\.$/,
  )
})

test('of a slow model the five most promising candidates are proven, small gains too', async () => {
  // Gains below 10 % have no time but the budget's: 1.05 to 1.09, among seven that give nothing.
  const gains = [1.05, 1.06, 1.07, 1.08, 1.09].map((gain, k) => [`gain ${k}`, gain] as const)
  const others = Array.from({ length: 7 }, (_, k) => [`idle ${k}`, 1] as const)
  const remedies = [...others, ...gains].map(([id]) => exampleRemedy(id))
  const timeMs = times(Object.fromEntries(gains))
  // A reading of a model of half a second: a process, a load of 200 and eight predictions.
  const world = { timeMs, noise: 0.005, readingMs: 250 + 200 + 8 * 500 }
  const judgedIn = async (given: number | null) => {
    const { seconds } = budgetFor(given, { loadMs: 200, predictionMs: 500 })
    const { found } = await run(world, remedies, { budgetMs: 1000 * seconds })
    return found.tried.filter(({ name, judgement }) => name.startsWith('gain') && judgement !== null).length
  }
  expect(await judgedIn(null)).toBe(5)
  expect(await judgedIn(75)).toBeLessThan(5)
})
