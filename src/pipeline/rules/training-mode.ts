// Dropout drops and BatchNorm updates its statistics while module.training is set: slower, and other outputs.

import { ms, tell } from '../../diagnose/tell.ts'
import { verdictOf } from '../../statistics/index.ts'
import { inWords, placeOf } from '../hot.ts'
import { definePipelineRule } from '../rule.ts'

const CURES: Readonly<Record<string, string>> = {
  pytorch: 'Call model.eval() once after loading.',
  keras: 'Call it with training=False, or without the word.',
}

export const trainingMode = definePipelineRule({
  id: 'training-mode',
  area: 'software',
  title: 'The model predicts in training mode',
  languages: ['python'],
  needs: ['sessions'],
  check({ sessions = [], alternatives, latency: { p50Ms } }) {
    return sessions
      .filter(({ training, ran }) => training === true && ran !== null)
      .map((session) => {
        const ran = session.ran!
        const timeMs = Math.min(p50Ms, session.runMs)
        const tried = alternatives.find(({ rule, ...at }) => rule === 'training-mode' && inWords(at) === inWords(ran))
        const saved = tried !== undefined && verdictOf(tried) === 'slower' ? timeMs * (1 - 1 / tried.ratio) : 0
        return {
          ...tell`The model at ${inWords(ran)} runs in training mode, ${ms('runs-time', timeMs)} of a prediction: layers such as Dropout
            still change what comes out. ${CURES[session.engine] ?? CURES.pytorch!}`,
          timeMs,
          wouldSaveMs: saved,
          basis: tried === undefined ? ('modelled' as const) : ('measured' as const),
          places: [placeOf(ran)],
        }
      })
  },
})
