import { expect, test } from 'vitest'
import { rebuilt } from './drop.ts'
import { exampleBench, exampleRemedy, withScores } from './example-bench.ts'
import { original, planOn } from './example-search.ts'
import { prove } from './prove.ts'
import { begun } from './state.ts'

test.each([
  // From 9 to 10.5 where the original takes 10: no clear gain. The medians are 1 / 1.023 and 1 / 1.017.
  ['an unclear speed-up above 1.02 is judged anew in twelve pairs', 9.775, 6 + 12],
  ['one below is not', 9.833, 6],
])('%s', async (_, middle, readings) => {
  const made = exampleBench({ seed: 1, noise: 0, timeMs: () => 10 })
  const plan = planOn(withScores(made, 'a', [9, middle, middle, middle, 10.5]), [])
  const proposal = { variant: '', setup: original, changes: [], predictedSavingMs: null }
  const whole = (await rebuilt(plan, [{ remedy: exampleRemedy('a'), proposal }]))!
  await prove(plan, { ...begun(plan, 0), ...whole })
  expect(made.seen.filter(({ what }) => what === 'shipped reading')).toHaveLength(readings)
})
