// A batch of texts is as long as its longest text: texts of different lengths in one batch compute padding.
import { countFact, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule } from '../rule.ts'

/** Below 3 % of the time nobody could prove that it helped. */
const LEAST_SHARE = 0.03

export const paddingWaste = defineRule({
  id: 'padding-waste',
  area: 'software',
  title: 'Padding: batches of texts of different lengths compute padding',
  needs: ['embedding'],
  check({ embedding: { texts, modelMs, tokens, computedTokens, sortedTokens } }) {
    const wasteMs = modelMs * (1 - tokens / computedTokens)
    const savingMs = modelMs * (1 - sortedTokens / computedTokens)
    if (savingMs < LEAST_SHARE * modelMs) return 'clear'
    return {
      ...tell`Of the positions of ${countFact('text', texts)}, ${share('padding', 1 - tokens / computedTokens)} are padding:
        ${ms('waste', wasteMs)} of ${ms('model', modelMs)}. Sorted by length, the same batches compute ${share('sorted', 1 - sortedTokens / computedTokens)}
        less.`,
      timeMs: wasteMs,
      wouldSaveMs: savingMs,
      basis: 'modelled',
    }
  },
})
