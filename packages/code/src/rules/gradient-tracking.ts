// Every operator keeps what a backward pass would need, which never comes.
import { ms, tell } from '@whyslow/diagnosis/tell.ts'
import { byLine, HOT_SHARE, inWords, isOf, placeOf, savingTried } from '../hot.ts'
import { defineRule } from '../rule.ts'

export const gradientTracking = defineRule({
  id: 'gradient-tracking',
  area: 'software',
  title: 'Gradients are tracked while predicting',
  languages: ['python'],
  needs: ['sessions'],
  wants: ['torch'],
  check(evidence) {
    const { sessions, latency, torch } = evidence
    const tracked = sessions
      .filter(({ gradients }) => gradients === true)
      // A forward may switch them off itself: only who looks into it sees that nothing is kept.
      .filter(({ ran }) => ran !== null && (!isOf(torch, ran) || torch.gradients))
    return byLine(tracked)
      .filter(({ runMs }) => runMs >= HOT_SHARE * latency.p50Ms)
      .map(({ ran, runMs, models }) => {
        const timeMs = Math.min(latency.p50Ms, runMs)
        const [model, keeps, it] = models.length === 1 ? ['model', 'keeps', 'it keeps'] : ['models', 'keep', 'they keep']
        return {
          ...tell`The ${model} at ${inWords(ran)}, ${ms('runs-time', timeMs)} of a prediction, ${keeps} what a backward pass would need. Within
            torch.inference_mode() ${it} none.`,
          timeMs,
          ...savingTried(evidence, 'gradient-tracking', ran, timeMs),
          places: [placeOf(ran)],
        }
      })
  },
})
