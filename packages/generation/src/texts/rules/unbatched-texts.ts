// One call of the model for each text: what a call costs by itself, and weights that are read again for each text, a batch pays once.
import { countFact, ms, ratio, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule, embedAgain, isFaster, savedMs } from '../facts.ts'

/** Less would not be worth waiting for a batch. */
const LEAST_GAIN = 0.1

export const unbatchedTexts = defineRule({
  id: 'unbatched-texts',
  area: 'software',
  title: 'Batching: a text takes less time in a batch than by itself',
  needs: ['batched'],
  check({ batched }) {
    if (!isFaster(batched, LEAST_GAIN)) return 'clear'
    const { way, other } = batched
    const how = way.order === 'sorted' ? ', sorted by length,' : ''
    return {
      ...tell`One at a time a text takes ${ms('one', other.msPerText.value)}, in batches of ${countFact('text', way.batch, 'batch')}${how} ${ms('batched', way.msPerText.value)}:
        ${ratio('ratio', 1 / batched.ratio)} times as many texts a second. That is for texts that are there together, as when a collection is
        indexed; a single query gains nothing.`,
      timeMs: other.msPerText.value,
      wouldSaveMs: savedMs(batched),
      basis: 'measured',
      next: embedAgain('--batch', String(way.batch)),
    }
  },
})
