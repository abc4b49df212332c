// A text is tokenized whole, and then cut to what the model takes: what was cut off was tokenized for nothing.
import { ms, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule } from '../rule.ts'

/** Below 3 % of the time nobody could prove that it helped. */
const LEAST_SHARE = 0.03

export const lateTruncation = defineRule({
  id: 'late-truncation',
  area: 'software',
  title: 'Texts are tokenized whole and then truncated',
  needs: ['embedding'],
  check({ embedding: { tokenizeMs, modelMs, tokens, tokenizedTokens } }) {
    const cut = Math.max(0, 1 - tokens / Math.max(1, tokenizedTokens))
    const wasteMs = tokenizeMs * cut
    if (wasteMs < LEAST_SHARE * (tokenizeMs + modelMs)) return 'clear'
    return {
      ...tell`The tokenizer makes ${number('tokenized', tokenizedTokens, 'tokens')} tokens, of which the model takes ${number('kept', tokens, 'tokens')}:
        ${ms('waste', wasteMs)} of ${ms('tokenize', tokenizeMs)} for the ${share('cut', cut)} that are cut off. Text far beyond the
        limit can be cut before it.`,
      timeMs: tokenizeMs,
      wouldSaveMs: wasteMs,
      basis: 'modelled',
    }
  },
})
