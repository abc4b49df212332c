// Requests that wait anyway could be predicted together.
import { number, ratio, tell } from '@whyslow/diagnosis/tell.ts'
import { comparison, isBetter, savingOf } from '../compare-setups.ts'
import { defineRule } from '../rule.ts'

export const batchHeadroomUnderLoad = defineRule({
  id: 'batch-headroom-under-load',
  area: 'software',
  title: 'Dynamic batching: waiting requests could be predicted together',
  needs: ['setup', 'alternatives'],
  check({ setup, alternatives }) {
    if (setup.maxBatch > 1) return 'does-not-apply'
    const joined = alternatives.find((one) => one.setup.maxBatch > 1 && one.setup.workers === setup.workers)
    if (joined === undefined) return { notChecked: 'batching was not tried with these workers' }
    if (!isBetter(joined)) return 'clear'
    const { server } = joined.point
    const rows = server === null ? '' : tell` (${ratio('together', server.meanTogether)} together on average)`
    return {
      ...tell`With --max-batch ${number('max-batch', joined.setup.maxBatch, 'rows')}${rows} it does better. ${comparison(joined)}.`,
      ...savingOf(joined),
    }
  },
})
