// Numbers as text: each is written and read digit by digit.
import { ms, share, tell } from '../../diagnose/tell.ts'
import { hotPatterns, inWords, placeOf } from '../hot.ts'
import { definePipelineRule } from '../rule.ts'

/** Of the time: faster libraries and binary forms leave a third or less. */
const SAVED = 0.7

const LIBRARIES = { python: ', or a faster library (orjson),', javascript: '' } as const

export const jsonInTheLoop = definePipelineRule({
  id: 'json-in-the-loop',
  area: 'software',
  title: 'Arrays travel as JSON within the prediction',
  languages: ['javascript', 'python'],
  needs: ['lines', 'patterns'],
  check(evidence) {
    return hotPatterns(evidence, ['json']).map(({ pattern, timeMs, share: part }) => ({
      ...tell`JSON at ${inWords(pattern)} takes ${ms('place', timeMs)}, ${share('share', part)} of a prediction. Binary (the bytes of the array, MessagePack)${LIBRARIES[evidence.language]} does the same in a fraction.`,
      timeMs,
      wouldSaveMs: timeMs * SAVED,
      basis: 'modelled',
      places: [placeOf(pattern)],
    }))
  },
})
