// A streamer that decodes all tokens of a line again for each new one: the work grows with the square of the length.
import { countFact, ms, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, fixGenerator, isFelt } from '../rule.ts'

/** Time for one of the last tokens over that for one of the first. */
const GROWN = 3

export const quadraticDetokenization = defineRule({
  id: 'quadratic-detokenization',
  area: 'software',
  title: 'The streamer decodes all tokens of a line again for each new one',
  needs: ['detokenize', 'speed', 'setup'],
  check({ detokenize, ...given }) {
    const { tokens, earlyMs, lateMs } = detokenize
    // It grows in a line, so that the mean is half way.
    const saving = { tokenMs: (lateMs - earlyMs) / 2 }
    if (lateMs < GROWN * earlyMs || !isFelt(given, saving)) return 'clear'
    return {
      ...tell`Making text of a token takes ${ms('early', earlyMs)} at first and ${ms('late', lateMs)} after ${countFact('token', tokens)}: all of the
        line is decoded again each time.`,
      ...costs(given, { tokenMs: (earlyMs + lateMs) / 2 }, { saving, basis: 'measured' }),
      next: fixGenerator(),
    }
  },
})
