// A tokenizer of transformers that is written in Python, where the same one in Rust gives the same numbers.
import { ms, ratio, tell } from '@whyslow/diagnosis/tell.ts'
import { fasterWays, placeOf } from '../hot.ts'
import { defineRule } from '../rule.ts'

export const slowTokenizer = defineRule({
  id: 'slow-tokenizer',
  area: 'software',
  title: 'The tokenizer is written in Python',
  languages: ['python'],
  needs: ['sessions'],
  check(evidence) {
    return fasterWays(evidence, 'slow-tokenizer').map(({ place, best, timeMs, saved }) => ({
      ...tell`${best.now} at ${place} takes ${ms('now', best.nowMs)}; ${best.instead} gives the same in
        ${ms('instead', best.insteadMs)}, ${ratio('factor', best.ratio)} times as fast, timed in turns on the last text.`,
      timeMs,
      wouldSaveMs: saved,
      basis: 'measured' as const,
      places: [placeOf(best)],
    }))
  },
})
