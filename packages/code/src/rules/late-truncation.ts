// All of a text is tokenized, and then cut to what the model takes.
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { hotPatterns, inWords, placeOf, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

export const lateTruncation = defineRule({
  id: 'late-truncation',
  area: 'software',
  title: 'Texts are tokenized whole and then truncated',
  languages: ['javascript'],
  needs: ['patterns', 'lines'],
  check(evidence) {
    return hotPatterns(evidence, ['ids-cut']).map(({ pattern, timeMs, share: part }) => ({
      ...tell`The tokenizer at ${inWords(pattern)} takes ${ms('tokenize', timeMs)}, ${share('share', part)} of the time, and its ids are cut
        afterwards. A text that is cut first, at a length that surely holds enough tokens, is tokenized in less.`,
      timeMs,
      ...UNTRIED,
      places: [placeOf(pattern)],
    }))
  },
})
