// Keras's predict: what stands around the model, against the direct call, timed in turns.
import { ms, ratio, tell } from '@whyslow/diagnosis/tell.ts'
import { fasterWays, placeOf } from '../hot.ts'
import { defineRule } from '../rule.ts'

export const predictCallOverhead = defineRule({
  id: 'predict-call-overhead',
  area: 'software',
  title: 'Calling predict costs more than the model',
  languages: ['python'],
  needs: ['sessions'],
  check(evidence) {
    return fasterWays(evidence, 'predict-call-overhead').map(({ place, best, timeMs, saved }) => ({
      ...tell`${best.now} at ${place} takes ${ms('now', best.nowMs)}; ${best.instead} gives the same in
        ${ms('instead', best.insteadMs)}, ${ratio('factor', best.ratio)} times as fast, timed in turns on the last input.`,
      timeMs,
      wouldSaveMs: saved,
      basis: 'measured' as const,
      places: [placeOf(best)],
    }))
  },
})
