// Beam search computes several continuations at each token. Files of a model set it for a task of its authors.
import { countFact, ms, ratio, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, type Measured, ratioAt, tokenMsOf } from '../rule.ts'

export const unrequestedBeams = defineRule({
  id: 'unrequested-beams',
  area: 'software',
  title: 'Beam search: several continuations are computed for each token',
  needs: ['options', 'speed', 'setup'],
  wants: ['severalTokens'],
  check({ options: { beams, beamsFrom, measuredBeams = beams }, severalTokens, ...given }) {
    if (beams <= 1 || beamsFrom === 'the caller') return 'clear'
    const tokenMs = tokenMsOf(given)
    const cost = severalTokens && ratioAt(severalTokens, beams)
    const from = beamsFrom === null ? '' : ` (by ${beamsFrom})`
    const said = tell`${countFact('beam', beams)} are searched${from}, and the caller did not request more than one`
    // Measured was what is left without them.
    if (measuredBeams < beams) return notMeasured({ said, cost, given })
    if (cost === undefined)
      return {
        ...tell`${said}.`,
        ...costs(given, { tokenMs }, { unknown: 'this many tokens at once were not measured', basis: 'measured' }),
      }
    return {
      ...tell`${said}. They take ${ratio('cost', cost)} times one: a token alone takes ${ms('alone', tokenMs / cost)}. The text may change.`,
      ...costs(given, { tokenMs }, { saving: { tokenMs: tokenMs * (1 - 1 / cost) }, basis: 'modelled' }),
    }
  },
})

interface Unmeasured {
  readonly said: ReturnType<typeof tell>
  readonly cost: number | undefined
  readonly given: Measured
}

/** One continuation was measured: with all of them a token takes about as long as so many tokens at once. */
function notMeasured({ said, cost, given }: Unmeasured) {
  const tokenMs = tokenMsOf(given)
  const known =
    cost === undefined
      ? ''
      : tell`: with all of them a token takes about ${ms('with-beams', tokenMs * cost)}, and ${ms('alone', tokenMs)} alone`
  return {
    ...tell`${said}. One was measured here${known}. Without them the text may change.`,
    ...costs(given, {}, { unknown: 'one continuation was measured, as if nothing else had been requested', basis: 'modelled' }),
  }
}
