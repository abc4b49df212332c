// Requests that wait anyway could be predicted together.
import { alternativeFacts, inNumbers, isBetter, savedMs } from '../better.ts'
import { defineLoadRule } from '../rule.ts'

export const batchHeadroomUnderLoad = defineLoadRule({
  id: 'batch-headroom-under-load',
  check({ setup, alternatives }) {
    if (setup === null || setup.maxBatch > 1) return null
    const joined = alternatives.find((one) => one.setup.maxBatch > 1 && one.setup.workers === setup.workers)
    if (joined === undefined || !isBetter(joined)) return null
    const rows = joined.point.server === null ? '' : ` (${joined.point.server.meanTogether.toFixed(1)} together on average)`
    return {
      title: 'Requests that wait could be predicted together',
      detail: `With --max-batch ${joined.setup.maxBatch}${rows} it does better. ${inNumbers(joined)}.`,
      wouldSaveMs: savedMs(joined),
      basis: 'measured',
      facts: alternativeFacts(joined),
    }
  },
})
