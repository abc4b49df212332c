// Numbers as text: each is written and read digit by digit.
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import type { PipelineEvidence } from '../evidence.ts'
import { type HotPattern, hotPatterns, inWords, placeOf, sum, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

const LIBRARIES = { python: ', or a faster library (orjson),', javascript: '' } as const

/** Less text is a request or a setting, and binary would save what nobody feels. */
const LEAST_BYTES = 65_536

/**
 * Whether all calls of a prediction read much. A text that nobody saw (of a file) counts as much if it is one of every prediction; in a script it
 * counts as none.
 */
function isMuch({ calls }: HotPattern, { target }: PipelineEvidence): boolean {
  const unseen = target.kind === 'script' ? 0 : Infinity
  const sizes = calls.map(({ argument, result, callsPerPrediction }) => {
    const text = [argument, result].find((one) => one?.kind === 'string' || one?.kind === 'typed-array')
    return text?.bytes == null ? unseen : text.bytes * callsPerPrediction
  })
  return sum(sizes) >= LEAST_BYTES
}

export const jsonInTheLoop = defineRule({
  id: 'json-in-the-loop',
  area: 'software',
  title: 'Arrays are serialized as JSON inside the prediction',
  needs: ['lines', 'patterns', 'calls'],
  check(evidence) {
    return hotPatterns(evidence, ['json'])
      .filter((hot) => isMuch(hot, evidence))
      .map(({ pattern, timeMs, share: part }) => ({
        ...tell`JSON at ${inWords(pattern)} takes ${ms('place', timeMs)}, ${share('share', part)} of a prediction. Binary (the bytes of the array, MessagePack)${LIBRARIES[evidence.language]} does the same in a fraction.`,
        timeMs,
        ...UNTRIED,
        places: [placeOf(pattern)],
      }))
  },
})
