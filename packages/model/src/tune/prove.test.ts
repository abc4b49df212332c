import { expect, test } from 'vitest'
import { exampleBench, exampleRemedy, withScores } from '../../test/support/tune/example-bench.ts'
import { original, outcomeOf, planOn, runOn, shipped, times } from '../../test/support/tune/example-search.ts'
import { rebuildSetup } from './drop.ts'
import { prove } from './prove.ts'
import { initialState } from './state.ts'

/** One change, whose readings through its folder have these scores; the original takes 10. */
async function proven(scores: readonly number[], isSecond = false) {
  const made = exampleBench({ seed: 1, noise: 0, timeMs: () => 10 })
  const plan = planOn(withScores(made, 'a', scores), [])
  const proposal = { variant: '', setup: original, changes: [], predictedSavingMs: null }
  const whole = (await rebuildSetup(plan, [{ remedy: exampleRemedy('a'), proposal }]))!
  const { proof } = await prove(plan, { ...initialState(plan, 0), ...whole }, { isSecond })
  return { proven: proof!.proven, readings: made.seen.filter(({ what }) => what === 'shipped reading').length }
}

test.each([
  // From 9 to 10.5 where the original takes 10: no clear gain. The medians are 1 / 1.023 and 1 / 1.017.
  ['an unclear speed-up above 1.02 is judged anew in twelve pairs', 9.775, 6 + 12],
  ['one below is not', 9.833, 6],
])('%s', async (_, middle, readings) => {
  expect((await proven([9, middle, middle, middle, 10.5])).readings).toBe(readings)
})

/** Ln of the ratios lies 0.1 on either side of a mean that is this far below 0.99, in turns. */
const alternating = (belowBy: number) =>
  Array.from({ length: 18 }, (_, k) => 9.9 * Math.exp(-belowBy + (k % 2 === 0 ? -0.1 : 0.1)))

test('six pairs prove a gain at 95 %', async () => {
  // Their sd is 0.1095, so that Student's t of five degrees, 2.571, reaches 2.571 * 0.1095 / sqrt(6) = 0.115 above the mean.
  expect(await proven(alternating(0.117))).toEqual({ proven: true, readings: 6 })
  expect((await proven(alternating(0.113))).proven).toBe(false)
})

test('twelve pairs, the second chance, at 98 %', async () => {
  // Two cut off at either end, t of seven degrees is 2.998: 2.998 * sqrt(12 * 0.01 / (8 * 7)) = 0.139.
  expect((await proven(alternating(0.141), true)).proven).toBe(true)
  expect((await proven(alternating(0.137), true)).proven).toBe(false)
})

test.each([
  // Faster by a tenth where arrays are kept, as in a loop of predictions, and slower where each input is in an array of its own.
  [{ kept: 0.9, anew: 1.02 }, 'it takes 1.02 times as long with inputs in a new array for each prediction'],
  [{ kept: 1.03, anew: 0.9 }, 'it takes 1.03 times as long with inputs in the same array for each prediction'],
  [{ kept: 0.9, anew: 0.99 }, null],
])('a gain may not be a loss with arrays of either kind: %o', async (times, reason) => {
  const made = exampleBench({ seed: 1, noise: 0, timeMs: () => 10 })
  const readings = withScores(made, 'a', [9])
  const measure: typeof made.measure = async (setup, depth) => {
    const trial = await readings.measure(setup, depth)
    if (trial.outcome !== 'measured') return trial
    const byArrays = depth === 'shipped' ? { kept: 10 * times.kept, anew: 11 * times.anew } : { kept: 10, anew: 11 }
    return { ...trial, value: { ...trial.value, byArrays } }
  }
  const plan = planOn({ ...readings, measure }, [])
  const proposal = { variant: '', setup: original, changes: [], predictedSavingMs: null }
  const whole = (await rebuildSetup(plan, [{ remedy: exampleRemedy('a'), proposal }]))!
  const { proof } = await prove(plan, { ...initialState(plan, 0), ...whole })
  expect([proof!.proven, proof!.judgement.reason]).toEqual([reason === null, reason])
})

test.each([1.1, 1.5])('of several, what loses with new arrays is left out, and the rest is proven: %d', async (arena) => {
  const made = exampleBench({ seed: 1, noise: 0.01, timeMs: times({ a: 1.3, arena }) })
  // Faster with kept arrays, and half as fast with new ones.
  const measure: typeof made.measure = async (setup, depth) => {
    const trial = await made.measure(setup, depth)
    if (trial.outcome !== 'measured' || depth === 'look') return trial
    const { score } = trial.value
    const anew = 'arena' in setup.options.configEntries ? 2 * arena * score : score
    return { ...trial, value: { ...trial.value, byArrays: { kept: score, anew } } }
  }
  const one = await runOn({ ...made, measure }, made, [exampleRemedy('a'), exampleRemedy('arena')])
  expect(shipped(one)).toBe('a')
  expect(outcomeOf(one, 'arena')).toMatchObject({
    kept: false,
    reason: expect.stringMatching(/a new array for each prediction$/),
  })
})
