// Joined requests are answered later than they would be one by one.
import { tell } from '@whyslow/diagnosis/tell.ts'
import { comparison, isBetter, savingOf } from '../compare-setups.ts'
import { defineRule } from '../rule.ts'

export const batchingHurts = defineRule({
  id: 'batching-hurts',
  area: 'software',
  title: 'Dynamic batching makes requests slower',
  needs: ['setup', 'alternatives'],
  check({ setup, alternatives }) {
    if (setup.maxBatch === 1) return 'does-not-apply'
    const without = alternatives.find((one) => one.setup.maxBatch === 1 && one.setup.workers === setup.workers)
    if (without === undefined) return { notChecked: 'these workers were not tried without batching' }
    if (!isBetter(without)) return 'clear'
    return {
      ...tell`${comparison(without)}: a prediction of several rows costs here as much as several predictions, and holds them all. Leave out --max-batch.`,
      ...savingOf(without),
    }
  },
})
