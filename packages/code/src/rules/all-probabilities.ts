// Probabilities of the whole vocabulary are made objects of JavaScript at each token, tens of thousands of them, though one is chosen.
// https://node-llama-cpp.withcat.ai/guide/low-level-api
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { hotPatterns, inWords, placeOf, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

export const allProbabilities = defineRule({
  id: 'all-probabilities',
  area: 'software',
  title: 'Probabilities of the whole vocabulary are taken at each token',
  languages: ['javascript'],
  needs: ['patterns', 'lines'],
  check(evidence) {
    return hotPatterns(evidence, ['probabilities-taken']).map(({ pattern, timeMs, share: part }) => ({
      ...tell`The call at ${inWords(pattern)} returns the probabilities of all tokens, and takes ${ms('call', timeMs)}, ${share('share', part)} of the
        time with what it generates. Without them, sampling stays in the engine.`,
      timeMs,
      ...UNTRIED,
      places: [placeOf(pattern)],
    }))
  },
})
