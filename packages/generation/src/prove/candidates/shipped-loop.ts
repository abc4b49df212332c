// The loop that the folder ships, on the engine as it is: tokens are decoded once, the next one is chosen in one pass over the logits.
import type { Candidate } from '../candidate.ts'
import { SHIPPED_LOOP } from '../setup.ts'

export const shippedLoop: Candidate = {
  id: 'shipped-loop',
  title: 'The loop of the shipped folder',
  effect: 'lossless',
  async apply(setup) {
    if (setup.loop !== null) return { reason: 'it runs already' }
    return {
      setup: { ...setup, loop: SHIPPED_LOOP },
      changes: ['each token is decoded once, and chosen in one pass over the logits'],
    }
  },
}
