// Every operator keeps what a backward pass would need, which never comes.
import { ms, tell } from '@whyslow/diagnosis/tell.ts'
import { HOT_SHARE, inWords, isOf, placeOf, savingTried } from '../hot.ts'
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
    return (
      sessions
        .filter(({ gradients, ran, runMs }) => gradients === true && ran !== null && runMs >= HOT_SHARE * latency.p50Ms)
        // A forward may switch them off itself: only who looks into it sees that nothing is kept.
        .filter(({ ran }) => !isOf(torch, ran!) || torch.gradients)
        .map((session) => {
          const ran = session.ran!
          const timeMs = Math.min(latency.p50Ms, session.runMs)
          return {
            ...tell`The model at ${inWords(ran)}, ${ms('runs-time', timeMs)} of a prediction, keeps what a backward pass would need. Within
            torch.inference_mode() it keeps none.`,
            timeMs,
            ...savingTried(evidence, 'gradient-tracking', ran, timeMs),
            places: [placeOf(ran)],
          }
        })
    )
  },
})
