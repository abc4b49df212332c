import { expect, test } from 'vitest'
import { exampleBench, exampleRemedy, withScores } from '../../test/support/tune/example-bench.ts'
import { original, planOn } from '../../test/support/tune/example-search.ts'
import { dropUnneeded, rebuildSetup } from './drop.ts'
import { initialState } from './state.ts'

/** What stays of a and b; the whole gives these scores, a alone 10 and b alone 20. */
async function dropped(scores: readonly number[]) {
  const made = exampleBench({ seed: 1, noise: 0, timeMs: (has) => (has('a') ? 10 : 20) })
  const plan = planOn(withScores(made, 'a+b', scores), [])
  const proposal = { variant: '', setup: original, changes: [], predictedSavingMs: null }
  const candidates = ['a', 'b'].map((id) => ({ remedy: exampleRemedy(id), proposal }))
  const whole = (await rebuildSetup(plan, candidates))!
  const tried = whole.kept.map((one) => ({ kept: true, name: one.remedy.id }))
  const state = await dropUnneeded(plan, { ...initialState(plan, 0), ...whole, tried: tried as never })
  return { kept: state.kept.map(({ remedy }) => remedy.id), reason: state.tried[1]!.reason }
}

test('a remedy is given up after eight pairs without a gain, not before', async () => {
  // The median of seven is 11 already.
  const { kept, reason } = await dropped([11, 9, 11, 9, 11, 9, 11, 9])
  expect(kept).toEqual(['a'])
  expect(reason).toMatch(/ in 8 more pairs$/)
})

test('of those without a gain, one in twenty stays by chance', async () => {
  // Three looks, of a one-sided sixtieth each: Student's t of four pairs is 3.740 for it. Ln of the ratios lie 0.1 on either side of their
  // mean, so that its standard error is 0.1 / sqrt(3) and the upper end 0.2160 above it; 0.99 has to be below the mean by more than that.
  const four = (belowBy: number) => [-1, 1, -1, 1].map((side) => 10 * 0.99 * Math.exp(-belowBy + 0.1 * side))
  expect((await dropped([...four(0.219), 10])).kept).toEqual(['a', 'b'])
  expect((await dropped([...four(0.213), 10])).kept).toEqual(['a'])
})
