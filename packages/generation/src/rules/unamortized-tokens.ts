// Several tokens at once read the weights once. If they take as long as one by one, the kernels gain nothing from it: neither prefill, nor
// batches, nor speculation can be faster than single tokens.
import { countFact, ms, ratio, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule } from '../rule.ts'

/** Time of several tokens at once over as many single ones. */
const NO_GAIN = 0.8
/** Fewer at once are no sign of it. */
const LEAST_TOKENS = 4

export const unamortizedTokens = defineRule({
  id: 'unamortized-tokens',
  area: 'software',
  title: 'Several tokens at once take as long as one by one',
  needs: ['severalTokens', 'speed', 'setup'],
  check({ severalTokens, ...given }) {
    const most = severalTokens.points.at(-1)
    if (most === undefined || most.tokens < LEAST_TOKENS) return { notChecked: 'too few tokens at once were measured' }
    if (most.ratio < NO_GAIN * most.tokens) return 'clear'
    return {
      ...tell`${countFact('token', most.tokens)} at once take ${ms('together', most.ms)}, ${ratio('ratio', most.ratio)} times one: batches and
        speculation gain nothing, and a long prompt takes as long as generating it.`,
      // What other kernels would give was not tried: worth knowing, and no saving.
      ...costs(given, {}, { basis: 'measured' }),
    }
  },
})
