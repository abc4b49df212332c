// A DataFrame of one row costs as much as of a thousand: an index, blocks, checks.
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { type HotPattern, hotPatterns, inWords, placeOf, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** Most rows: with more, what is done with them weighs more. */
const MOST_ROWS = 8

/** What was not seen to be a DataFrame is none: dictionaries and enumerations have `values`, too. */
const isOfFewRows = ({ calls }: HotPattern): boolean =>
  calls.some(({ argument, result }) =>
    [argument, result].some((one) => one?.kind === 'dataframe' && (one.shape?.[0] ?? Infinity) <= MOST_ROWS),
  )

export const dataframeConversion = defineRule({
  id: 'dataframe-conversion',
  area: 'software',
  title: 'A DataFrame is created for every prediction',
  languages: ['python'],
  needs: ['lines', 'patterns', 'calls'],
  check(evidence) {
    const small = hotPatterns(evidence, ['dataframe-made', 'dataframe-converted']).filter(isOfFewRows)
    return small.map(({ pattern, timeMs, share: part }) => ({
      ...tell`The DataFrame at ${inWords(pattern)} takes ${ms('place', timeMs)}, ${share('share', part)} of a prediction. An array with its columns in a fixed order, which is written into, costs a hundredth.`,
      timeMs,
      ...UNTRIED,
      places: [placeOf(pattern)],
    }))
  },
})
