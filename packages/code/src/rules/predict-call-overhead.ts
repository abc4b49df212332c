// Keras's predict: what stands around the model, against the direct call, timed in turns.
import { ms, ratio, tell } from '@whyslow/diagnosis/tell.ts'
import { HOT_SHARE, inWords, placeOf } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** The interval's lower end. */
const LEAST_RATIO = 1.05

export const predictCallOverhead = defineRule({
  id: 'predict-call-overhead',
  area: 'software',
  title: 'Calling predict costs more than the model',
  languages: ['python'],
  needs: ['sessions'],
  check({ alternatives, sessions = [], latency: { p50Ms } }) {
    const own = alternatives.filter(
      ({ rule, equal, ratioLow }) => rule === 'predict-call-overhead' && equal !== 'different' && ratioLow > LEAST_RATIO,
    )
    const places = [...new Set(own.map(inWords))]
    return places.flatMap((place) => {
      const best = own.filter((one) => inWords(one) === place).reduce((a, b) => (b.insteadMs < a.insteadMs ? b : a))
      const runs = sessions.find(({ ran }) => ran !== null && inWords(ran) === place)?.runsPerPrediction ?? 1
      const timeMs = Math.min(p50Ms, best.nowMs * runs)
      const saved = timeMs * (1 - 1 / best.ratio)
      if (saved < HOT_SHARE * p50Ms) return []
      return [
        {
          ...tell`${best.now} at ${place} takes ${ms('now', best.nowMs)}; ${best.instead} gives the same in
            ${ms('instead', best.insteadMs)}, ${ratio('factor', best.ratio)} times as fast, timed in turns on the last input.`,
          timeMs,
          wouldSaveMs: saved,
          basis: 'measured' as const,
          places: [placeOf(best)],
        },
      ]
    })
  },
})
