// Tokenizing the prompt takes a large part of the first token: a long text, one long word, or a tokenizer in JavaScript.
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, firstTokenMsOf, partMs } from '../rule.ts'

/** Less than that is a part among others. */
const FROM_SHARE = 0.1

export const tokenizerDominates = defineRule({
  id: 'tokenizer-dominates',
  area: 'software',
  title: 'Tokenization takes a large part of the first token',
  needs: ['firstTokenParts', 'speed', 'setup'],
  check({ firstTokenParts, ...given }) {
    const timeMs = partMs(firstTokenParts, 'tokenize')
    if (timeMs === undefined) return { notChecked: 'the engine does not report what tokenization takes' }
    const part = timeMs / firstTokenMsOf(given)
    if (part < FROM_SHARE) return 'clear'
    return {
      ...tell`Tokenizing the prompt takes ${ms('tokenize', timeMs)}, ${share('share', part)} of the first token. A text is tokenized faster in
        compiled code, and the part that stays the same needs it once.`,
      ...costs(given, { firstMs: timeMs }, { unknown: 'no other tokenizer was tried', basis: 'measured' }),
    }
  },
})
