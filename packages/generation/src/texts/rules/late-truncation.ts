// A text is tokenized whole, and then cut to what the model takes: what was cut off was tokenized for nothing.
import { ms, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule } from '../facts.ts'

/** Below 3 % of the time nobody could prove that it helped. */
const LEAST_SHARE = 0.03

export const lateTruncation = defineRule({
  id: 'late-truncation',
  area: 'software',
  title: 'Texts are tokenized whole and then truncated',
  needs: ['truncation', 'oneMs'],
  check({ truncation: { tokenizeMs, tokens, keptTokens, longestTokens }, oneMs }) {
    const cut = 1 - keptTokens / Math.max(1, tokens)
    const wasteMs = tokenizeMs * cut
    if (longestTokens === null || wasteMs < LEAST_SHARE * oneMs) return 'clear'
    return {
      ...tell`The model takes ${number('longest', longestTokens, 'tokens')} tokens of a text, and ${share('cut', cut)} of what the tokenizer makes is cut off:
        ${ms('waste', wasteMs)} of the ${ms('tokenize', tokenizeMs)} that a text's tokenization takes. Text far beyond the limit can be cut
        before it; what is cut off is in no vector.`,
      timeMs: tokenizeMs,
      wouldSaveMs: wasteMs,
      basis: 'modelled',
      // The same limit again would change nothing: the text itself has to be cut.
      next: null,
    }
  },
})
