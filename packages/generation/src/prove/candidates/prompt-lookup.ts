// Guesses from the text so far, checked several at once: estimated first from the engine's own curve and the answers that are there already.
import { significant } from '@whyslow/measure/statistics/numbers.ts'
import { estimatedGain, type LookupSetup } from '../../loop/lookup.ts'
import type { Candidate } from '../candidate.ts'
import { SHIPPED_LOOP } from '../setup.ts'

const LOOKUP: LookupSetup = { most: 7, least: 2 }
/** An estimate below it is not worth a trial. */
export const LEAST_GAIN = 1.05

export const promptLookup: Candidate = {
  id: 'prompt-lookup',
  title: 'Prompt lookup: tokens guessed from the text and checked together',
  effect: 'lossless',
  async apply(setup, { answers, curve }) {
    if (setup.loop !== null && setup.loop.lookup !== null) return { reason: 'it is on already' }
    const costs = await curve(setup)
    if (costs === null) return { reason: 'the engine feeds no several tokens at once from outside' }
    const gain = estimatedGain(answers, costs, LOOKUP)
    const most = costs.at(-1)!
    const why = `${most.tokens} tokens at once cost ${significant(most.ratio, 2)} times one`
    if (gain < LEAST_GAIN)
      return { reason: `estimated ${significant(gain, 3)} times as fast on these prompts, below ${LEAST_GAIN}: ${why}` }
    return {
      setup: { ...setup, loop: { ...(setup.loop ?? SHIPPED_LOOP), lookup: LOOKUP } },
      changes: [`up to ${LOOKUP.most} tokens are guessed from the text and checked together (${why})`],
    }
  },
}
