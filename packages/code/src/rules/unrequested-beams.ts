// transformers.js takes num_beams, computes that many, and keeps the first: it has no beam search yet.
// https://github.com/huggingface/transformers.js/blob/main/packages/transformers/src/models/modeling_utils.js
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { hotPatterns, inWords, placeOf, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

export const unrequestedBeams = defineRule({
  id: 'unrequested-beams',
  area: 'software',
  title: 'Beams: num_beams above one costs time and changes nothing',
  languages: ['javascript'],
  needs: ['patterns', 'lines'],
  check(evidence) {
    return hotPatterns(evidence, ['beams-set']).map(({ pattern, timeMs, share: part }) => ({
      ...tell`The call at ${inWords(pattern)} sets num_beams above one, and takes ${ms('generate', timeMs)}, ${share('share', part)} of the time.
        transformers.js has no beam search: it samples, and keeps the first.`,
      timeMs,
      ...UNTRIED,
      places: [placeOf(pattern)],
    }))
  },
})
