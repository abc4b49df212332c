// Beam search computes several continuations at each token. Files of a model set it for a task of its authors.
import { countFact, ms, ratio, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, ratioAt, tokenMsOf } from '../rule.ts'

export const unrequestedBeams = defineRule({
  id: 'unrequested-beams',
  area: 'software',
  title: 'Beam search: several continuations are computed for each token',
  needs: ['options', 'speed', 'setup'],
  wants: ['severalTokens'],
  check({ options: { beams, beamsFrom, searched }, severalTokens, ...given }) {
    if (beams <= 1 || beamsFrom === 'the caller') return 'clear'
    const tokenMs = tokenMsOf(given)
    const cost = severalTokens && ratioAt(severalTokens, beams)
    const from = beamsFrom === null ? '' : ` (by ${beamsFrom})`
    if (searched < beams)
      return {
        ...tell`A call that does not set num_beams gets ${countFact('beam', beams)}${from}${
          cost === undefined ? '' : tell`: about ${ratio('cost', cost)} times a token alone, which takes ${ms('alone', tokenMs)}`
        }. Set num_beams to one unless the text needs them.`,
        // The part of such a call that its beams would take.
        ...costs(
          given,
          { tokenMs: cost === undefined ? 0 : tokenMs * (1 - 1 / cost) },
          { unknown: 'the measured calls search one, and yours may set their own number', basis: 'modelled' },
        ),
      }
    const said = tell`${countFact('beam', beams)} are searched${from}, and the caller did not request more than one`
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
