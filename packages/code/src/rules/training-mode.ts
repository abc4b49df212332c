// Dropout drops and BatchNorm updates its statistics while module.training is set: slower, and other outputs.
import { ms, tell } from '@whyslow/diagnosis/tell.ts'
import { byLine, inWords, isOf, placeOf, savingTried } from '../hot.ts'
import { defineRule } from '../rule.ts'

const CURES: Readonly<Record<string, string>> = {
  pytorch: 'Call model.eval() once after loading.',
  keras: 'Call it with training=False, or without the word.',
}

export const trainingMode = defineRule({
  id: 'training-mode',
  area: 'software',
  title: 'The model predicts in training mode',
  languages: ['python'],
  needs: ['sessions'],
  wants: ['torch'],
  check(evidence) {
    const { sessions, torch } = evidence
    const training = sessions.filter((one) => one.ran !== null && (isOf(torch, one.ran) ? torch.training : one.training === true))
    return byLine(training).map(({ ran, runMs, models }) => {
      const timeMs = Math.min(evidence.latency.p50Ms, runMs)
      const run = models.length === 1 ? `model at ${inWords(ran)} runs` : `models at ${inWords(ran)} run`
      return {
        ...tell`The ${run} in training mode, ${ms('runs-time', timeMs)} of a prediction: layers such as Dropout
          still change what comes out. ${CURES[models[0]!.engine] ?? CURES.pytorch!}`,
        timeMs,
        ...savingTried(evidence, 'training-mode', ran, timeMs),
        places: [placeOf(ran)],
      }
    })
  },
})
