// x = np.append(x, …) in a loop copies all of x at every turn: the work grows with the square of the length.
import type { RuleFinding } from '@whyslow/diagnosis/rule.ts'
import { ms, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import type { PipelineEvidence } from '../evidence.ts'
import { hotPatterns, inWords, placeOf, sum, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** Fewest turns: with fewer it costs little. */
const LEAST_TRIPS = 8
/** Fewer are grown in no time. */
const LEAST_PUSHES = 10_000

export const growingArray = defineRule({
  id: 'growing-array',
  area: 'software',
  title: 'A growing array is copied for every new element',
  needs: ['lines', 'patterns'],
  check(evidence) {
    const regrown = hotPatterns(evidence, ['array-regrown', 'string-grown']).filter(
      ({ trips }) => trips === null || trips >= LEAST_TRIPS,
    )
    const found = regrown.map(({ pattern, timeMs, share: part }) => ({
      ...tell`The array that grows at ${inWords(pattern)} takes ${ms('place', timeMs)}, ${share('share', part)} of a prediction.
        A list that is made an array once, after the loop, or an array of the final size that is written into, copies nothing twice.`,
      timeMs,
      ...UNTRIED,
      places: [placeOf(pattern)],
    }))
    return [...found, ...pushed(evidence)]
  },
})

/** Numbers that are pushed one by one: the list grows by being copied, and holds each as a value of its own. */
function pushed(evidence: PipelineEvidence): RuleFinding[] {
  if (evidence.language !== 'javascript') return []
  return hotPatterns(evidence, ['list-grown'])
    .map((hot) => ({ ...hot, pushes: sum(hot.calls.map(({ callsPerPrediction }) => callsPerPrediction)) }))
    .filter(({ pushes, calls }) => pushes >= LEAST_PUSHES && calls.some(({ argument }) => argument?.kind === 'number'))
    .map(({ pattern, timeMs, share: part, pushes }) => ({
      ...tell`The list at ${inWords(pattern)} is grown by ${number('pushes', Math.round(pushes), 'pushes')} numbers, one by one, in
        ${ms('place', timeMs)}, ${share('share', part)} of a prediction. A typed array of the final size is written in place.`,
      title: 'A list grows by one number at a time',
      timeMs,
      ...UNTRIED,
      places: [placeOf(pattern)],
    }))
}
