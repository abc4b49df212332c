// Joined requests are answered later than they would be one by one.
import { alternativeFacts, inNumbers, isBetter, savedMs } from '../better.ts'
import { defineLoadRule } from '../rule.ts'

export const batchingHurts = defineLoadRule({
  id: 'batching-hurts',
  check({ setup, alternatives }) {
    if (setup === null || setup.maxBatch === 1) return null
    const without = alternatives.find((one) => one.setup.maxBatch === 1 && one.setup.workers === setup.workers)
    if (without === undefined || !isBetter(without)) return null
    return {
      title: 'Joining requests makes them slower',
      detail: `${inNumbers(without)}: a prediction of several rows costs here as much as several predictions, and holds them all. Leave out --max-batch.`,
      wouldSaveMs: savedMs(without),
      basis: 'measured',
      facts: alternativeFacts(without),
    }
  },
})
