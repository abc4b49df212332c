// A DataFrame of one row costs as much as of a thousand: an index, blocks, checks.
import { ms, share, tell } from '../../diagnose/tell.ts'
import { hotPatterns, inWords, placeOf } from '../hot.ts'
import { definePipelineRule } from '../rule.ts'

/** Of the time: filling an array of the same numbers is a few µs. */
const SAVED = 0.9

export const dataframeConversion = definePipelineRule({
  id: 'dataframe-conversion',
  area: 'software',
  title: 'A DataFrame is made for every prediction',
  languages: ['python'],
  needs: ['lines', 'patterns'],
  check(evidence) {
    return hotPatterns(evidence, ['dataframe-made', 'dataframe-converted']).map(({ pattern, timeMs, share: part }) => ({
      ...tell`The DataFrame at ${inWords(pattern)} takes ${ms('place', timeMs)}, ${share('share', part)} of a prediction. An array with its columns in a fixed order, which is written into, costs a hundredth.`,
      timeMs,
      wouldSaveMs: timeMs * SAVED,
      basis: 'modelled',
      places: [placeOf(pattern)],
    }))
  },
})
