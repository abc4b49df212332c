// A prompt that is fed token by token reads all weights for each of them; fed at once, they are read once for many.
import { ms, ratio, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, firstTokenMsOf, fixGenerator, isFelt, type Measured, partMs, tokenMsOf } from '../rule.ts'

/** Time of a token of the prompt over that of a generated one: 1 if each is fed alone. */
const ALIKE = 0.6
/** A shorter prompt says nothing: its first token is mostly what every step takes. */
const LEAST_PROMPT = 16
/** Time of several tokens at once over as many single ones: above it the engine gains nothing by it. */
const NO_GAIN = 0.8

export const unbatchedPrefill = defineRule({
  id: 'unbatched-prefill',
  area: 'software',
  title: 'Prefill: the prompt is fed token by token',
  needs: ['speed', 'setup'],
  wants: ['severalTokens', 'firstTokenParts'],
  check({ severalTokens, firstTokenParts, ...given }) {
    const tokens = given.setup.promptTokens * (1 - (given.setup.cachedShare ?? 0))
    const tokenMs = undisturbedMs(given)
    if (tokens < LEAST_PROMPT || tokenMs === 0) return { notChecked: 'the prompt or the answer is too short to tell' }
    const prefillMs = firstTokenMsOf(given) - (partMs(firstTokenParts, 'tokenize') ?? 0)
    const eachMs = prefillMs / tokens
    if (eachMs < ALIKE * tokenMs) return 'clear'
    const most = severalTokens?.points.at(-1)
    if (most !== undefined && most.ratio >= NO_GAIN * most.tokens) return 'clear'
    const said = tell`A token of the prompt takes ${ms('prompt-token', eachMs)}, ${ratio('over-token', eachMs / tokenMs)} times a generated one`
    if (most === undefined)
      return {
        ...tell`${said}: it is fed token by token, or the engine gains nothing from several at once.`,
        ...costs(given, { firstMs: prefillMs }, { unknown: 'several tokens at once were not measured', basis: 'measured' }),
        next: fixGenerator(),
      }
    const togetherMs = most.ms / most.tokens
    const saving = { firstMs: (eachMs - togetherMs) * tokens }
    if (!isFelt(given, saving)) return 'clear'
    return {
      ...tell`${said}. Several at once take ${ms('together', togetherMs)} each.`,
      ...costs(given, { firstMs: prefillMs }, { saving, basis: 'measured' }),
      next: fixGenerator(),
    }
  },
})

/** The median gap, where pauses make the mean longer; pieces of several tokens have longer gaps, and bursts none. */
function undisturbedMs(given: Measured): number {
  const meanMs = tokenMsOf(given)
  const gapMs = given.speed.interTokenMs?.p50 ?? meanMs
  return Math.min(meanMs, Math.max(gapMs, meanMs / 2))
}
