// A prefix cache holds only what two prompts begin with: a time, an id or another order of tools near the beginning makes all after it new.
import { number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, firstTokenMsOf, isFelt } from '../rule.ts'

/** Share of a prompt's tokens that were in the one before, though not at its beginning. */
const ALIKE_SHARE = 0.25

export const changingPrefix = defineRule({
  id: 'changing-prefix',
  area: 'software',
  title: 'Prompts differ near their beginning, so that no prefix can be kept',
  needs: ['prefix', 'speed', 'setup'],
  check({ prefix, ...given }) {
    const { tokens, commonTokens, alikeTokens, different } = prefix
    const lost = alikeTokens - commonTokens
    if (lost < ALIKE_SHARE * tokens) return 'clear'
    const firstMs = (firstTokenMsOf(given) * lost) / tokens
    if (!isFelt(given, { firstMs })) return 'clear'
    return {
      ...tell`Of ${number('tokens', tokens, 'tokens')} tokens, ${number('alike', alikeTokens, 'tokens')} were in the prompt before, and only the first
        ${number('common', commonTokens, 'tokens')} at the same place${at(different)}. What changes belongs at the end: a prefix cache then
        saves ${share('share', lost / tokens)} of prefill.`,
      ...costs(given, { firstMs }, { basis: 'modelled' }),
    }
  },
})

/** A text of the user's own is not told whole. */
const MOST_SHOWN = 24
const quoted = (text: string): string => JSON.stringify(text.slice(0, MOST_SHOWN))
const at = (different: readonly [string, string] | null): string =>
  different === null ? '' : ` (then ${quoted(different[0])} became ${quoted(different[1])})`
