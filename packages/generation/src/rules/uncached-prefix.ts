// The prompt begins as the one before did, and the engine computes the beginning again: no cache is passed on, or it was dropped.
import { number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, firstTokenMsOf, fixGenerator, isFelt } from '../rule.ts'

export const uncachedPrefix = defineRule({
  id: 'uncached-prefix',
  area: 'software',
  title: 'The beginning of the prompt is computed again for every call',
  needs: ['prefix', 'speed', 'setup'],
  check({ prefix, ...given }) {
    const { tokens, commonTokens, cachedTokens } = prefix
    if (cachedTokens === null) return { notChecked: 'the engine does not say how many tokens its cache held' }
    const again = Math.max(0, commonTokens - cachedTokens)
    const firstMs = (firstTokenMsOf(given) * again) / Math.max(1, tokens - cachedTokens)
    if (!isFelt(given, { firstMs })) return 'clear'
    return {
      ...tell`The first ${number('common', commonTokens, 'tokens')} of ${number('tokens', tokens, 'tokens')} tokens are those of the prompt before, and
        the engine took ${number('cached', cachedTokens, 'tokens')} from its cache. Kept, they save ${share('share', again / tokens)} of prefill.`,
      ...costs(given, { firstMs }, { basis: 'modelled' }),
      next: fixGenerator(),
    }
  },
})
