// Draft tokens that are checked together pay if most are right and checking several costs little more than one.
// Leviathan, Kalman, Matias: Fast Inference from Transformers via Speculative Decoding, 2023, equation 1 and theorem 3.8.
import { ms, number, ratio, share, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, ratioAt, tokenMsOf } from '../rule.ts'

/** Below it nobody could prove the gain. */
const LEAST_GAIN = 1.05

export const uselessSpeculation = defineRule({
  id: 'useless-speculation',
  area: 'software',
  title: 'Speculation costs more than it gives',
  needs: ['speculation', 'speed', 'setup'],
  wants: ['severalTokens'],
  check({ speculation: { draftTokens, acceptance, draftCost, withoutMs }, severalTokens, ...given }) {
    if (draftTokens === 0) return 'does-not-apply'
    const drafts = tell`Of ${number('drafted', draftTokens, 'tokens')} drafted tokens ${share('acceptance', acceptance)} are right`
    if (withoutMs !== undefined) {
      const measuredMs = tokenMsOf(given)
      if (withoutMs >= LEAST_GAIN * measuredMs) return 'clear'
      return {
        ...tell`${drafts}. Without them a token takes ${ms('without', withoutMs)}, with them ${ms('token', measuredMs)}.`,
        ...costs(given, { tokenMs: measuredMs }, { saving: { tokenMs: measuredMs - withoutMs }, basis: 'measured' }),
      }
    }
    if (severalTokens === undefined)
      return {
        notChecked: 'neither a token without speculation nor several tokens at once were measured',
        missing: 'severalTokens',
      }
    const checking = ratioAt(severalTokens, draftTokens + 1)
    if (checking === undefined) return { notChecked: 'this many tokens at once were not measured' }
    const tokensPerRound = acceptance === 1 ? draftTokens + 1 : (1 - acceptance ** (draftTokens + 1)) / (1 - acceptance)
    const gain = tokensPerRound / (checking + draftTokens * draftCost)
    if (gain >= LEAST_GAIN) return 'clear'
    const tokenMs = tokenMsOf(given)
    return {
      ...tell`${drafts}: a round gives
        ${ratio('tokens-per-round', tokensPerRound)} tokens and costs ${ratio('cost', checking + draftTokens * draftCost)} times one. Without it a
        token takes ${ms('without', tokenMs * Math.min(1, gain))}.`,
      ...costs(given, { tokenMs }, { saving: { tokenMs: tokenMs * Math.max(0, 1 - gain) }, basis: 'modelled' }),
    }
  },
})
