// A prompt padded to a fixed length computes the padding, too, and each token attends to it.
import { countFact, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, firstTokenMsOf, isFelt } from '../rule.ts'

export const paddedPrompt = defineRule({
  id: 'padded-prompt',
  area: 'software',
  title: 'Padding: the prompt is longer than its text',
  needs: ['prompt', 'speed', 'setup'],
  wants: ['depthLine'],
  check({ prompt, depthLine, ...given }) {
    const { fedTokens, paddingTokens, place } = prompt
    if (paddingTokens === 0) return 'clear'
    const part = paddingTokens / fedTokens
    const firstMs = firstTokenMsOf(given) * part
    const tokenMs = (Math.max(0, depthLine?.slopeMsPerThousand ?? 0) * paddingTokens) / 1000
    if (!isFelt(given, { firstMs, tokenMs })) return 'clear'
    return {
      ...tell`${countFact('token', paddingTokens, 'padding-tokens')} of ${countFact('token', fedTokens, 'fed-tokens')} of the prompt are padding,
        ${share('share', part)}: about ${ms('first', firstMs)} of the first token, and ${ms('token', tokenMs)} of each after it.`,
      ...costs(given, { firstMs, tokenMs }, { basis: 'modelled' }),
      ...(place === null ? {} : { nodes: [place] }),
    }
  },
})
