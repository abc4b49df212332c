// A batch of texts is as long as its longest text: texts of different lengths in one batch compute padding.
import { countFact, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule, embedAgain, isFaster, savedMs } from '../facts.ts'

export const paddingWaste = defineRule({
  id: 'padding-waste',
  area: 'software',
  title: 'Padding: batches of texts of different lengths compute padding',
  needs: ['sorted', 'setup'],
  check({ sorted, setup }) {
    if (!isFaster(sorted)) return 'clear'
    const { way, other } = sorted
    const whose = setup.from === 'user' ? 'your texts' : 'made-up texts'
    return {
      ...tell`In batches of ${countFact('text', other.batch, 'batch')}, as ${whose} come, ${share('padding', other.paddedShare)} of the positions are padding, and a text takes
        ${ms('given', other.msPerText.value)}. Sorted by length it takes ${ms('sorted', way.msPerText.value)}, with ${share('left', way.paddedShare)} of padding. Sort
        before you make batches, and put the vectors back in order.`,
      timeMs: other.msPerText.value * other.paddedShare,
      wouldSaveMs: savedMs(sorted),
      basis: 'measured',
      next: embedAgain('--batch', String(other.batch)),
    }
  },
})
