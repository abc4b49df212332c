// The model's file is read, its graph optimized and its memory planned again for each prediction.
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { HOT_SHARE, hotPatterns, inWords, placeOf } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** Every second prediction and more often; of a script, which is one, this many times in all. */
const OFTEN = { stages: 0.5, function: 0.5, script: 4 } as const

export const modelReloadedPerCall = defineRule({
  id: 'model-reloaded-per-call',
  area: 'software',
  title: 'The model is reloaded for every prediction',
  needs: ['sessions', 'patterns'],
  check(evidence) {
    const { p50Ms } = evidence.latency
    const often = OFTEN[evidence.target.kind]
    const seen = (evidence.sessions ?? []).filter(({ opensPerPrediction }) => opensPerPrediction >= often)
    const found = seen.flatMap((session) => {
      const opensMs = session.opensPerPrediction * (session.openMs ?? 0)
      // A prediction has time for both: the pass that looked at them may have been slower as a whole.
      const timeMs = opensMs * Math.min(1, p50Ms / (opensMs + Math.min(session.runMs, p50Ms)))
      const place = session.opened ?? session.ran
      if (place === null || timeMs < HOT_SHARE * p50Ms) return []
      return [{ place, timeMs }]
    })
    const known = new Set(found.map(({ place }) => inWords(place)))
    const others = hotPatterns(evidence, ['model-load'])
      .filter(
        ({ pattern, calls }) =>
          !known.has(inWords(pattern)) && calls.some(({ callsPerPrediction }) => callsPerPrediction >= often),
      )
      .map(({ pattern, timeMs }) => ({ place: placeOf(pattern), timeMs }))
    return [...found, ...others].map(({ place, timeMs }) => ({
      ...tell`Opening the model at ${inWords(place)} takes ${ms('open', timeMs)} of a prediction, ${share('share', timeMs / p50Ms)} of it.
        Opened once, before the first prediction, it takes none.`,
      timeMs,
      wouldSaveMs: timeMs,
      basis: 'modelled' as const,
      places: [placeOf(place)],
    }))
  },
})
