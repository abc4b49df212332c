// Dropout drops and BatchNorm updates its statistics while module.training is set: slower, and other outputs.
import { ms, tell } from '@whyslow/diagnosis/tell.ts'
import { inWords, isOf, placeOf, savingTried } from '../hot.ts'
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
    return sessions
      .filter(({ training, ran }) => ran !== null && (isOf(torch, ran) ? torch.training : training === true))
      .map((session) => {
        const ran = session.ran!
        const timeMs = Math.min(evidence.latency.p50Ms, session.runMs)
        return {
          ...tell`The model at ${inWords(ran)} runs in training mode, ${ms('runs-time', timeMs)} of a prediction: layers such as Dropout
            still change what comes out. ${CURES[session.engine] ?? CURES.pytorch!}`,
          timeMs,
          ...savingTried(evidence, 'training-mode', ran, timeMs),
          places: [placeOf(ran)],
        }
      })
  },
})
