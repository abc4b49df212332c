// Every operator keeps what a backward pass would need, which never comes.

import { ms, tell } from '../../diagnose/tell.ts'
import { verdictOf } from '../../statistics/index.ts'
import { HOT_SHARE, inWords, placeOf } from '../hot.ts'
import { definePipelineRule } from '../rule.ts'

/** Of the call's time, where it could not be tried. */
const SAVED = 0.1

export const gradientTracking = definePipelineRule({
  id: 'gradient-tracking',
  area: 'software',
  title: 'Gradients are tracked while predicting',
  languages: ['python'],
  needs: ['sessions'],
  check({ sessions = [], alternatives, latency: { p50Ms } }) {
    return sessions
      .filter(({ gradients, ran, runMs }) => gradients === true && ran !== null && runMs >= HOT_SHARE * p50Ms)
      .map((session) => {
        const ran = session.ran!
        const timeMs = Math.min(p50Ms, session.runMs)
        const tried = alternatives.find(({ rule, ...at }) => rule === 'gradient-tracking' && inWords(at) === inWords(ran))
        const saved = tried === undefined ? timeMs * SAVED : verdictOf(tried) === 'slower' ? timeMs * (1 - 1 / tried.ratio) : 0
        return {
          ...tell`The model at ${inWords(ran)}, ${ms('runs-time', timeMs)} of a prediction, keeps what a backward pass would need. Within
            torch.inference_mode() it keeps none.`,
          timeMs,
          wouldSaveMs: saved,
          basis: tried === undefined ? ('modelled' as const) : ('measured' as const),
          places: [placeOf(ran)],
        }
      })
  },
})
