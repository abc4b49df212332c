// iterrows makes a Series of each row; apply(axis=1) calls Python for it.
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { hotPatterns, inWords, placeOf, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

export const dataframePerRow = defineRule({
  id: 'dataframe-per-row',
  area: 'software',
  title: 'A DataFrame is iterated row by row',
  languages: ['python'],
  needs: ['lines', 'patterns'],
  check(evidence) {
    return hotPatterns(evidence, ['dataframe-rows']).map(({ pattern, timeMs, share: part }) => ({
      ...tell`Going through rows at ${inWords(pattern)} takes ${ms('place', timeMs)}, ${share('share', part)} of a prediction. Operations on whole columns, or to_numpy() once before the loop, do the same in a hundredth.`,
      timeMs,
      ...UNTRIED,
      places: [placeOf(pattern)],
    }))
  },
})
