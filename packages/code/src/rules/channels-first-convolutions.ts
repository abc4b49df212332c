// Convolutions whose images come with channels first: oneDNN's kernels want them last, and reorder.
import { ms, ratio, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule } from '../rule.ts'
import { isSame, ofTorch, savedBy, WITHOUT_TRAINING, wonBy } from '../torch.ts'

export const channelsFirstConvolutions = defineRule(
  ofTorch({
    id: 'channels-first-convolutions',
    area: 'software',
    title: 'Convolutions with channels first are slower here',
    after: WITHOUT_TRAINING,
    check(torch, { latency: { p50Ms } }) {
      const trial = torch.trials.find(({ id }) => id === 'channels-last')
      if (trial === undefined) return 'does-not-apply'
      if (trial.times === null) return { notChecked: trial.reason ?? 'it was not timed' }
      const won = wonBy(torch, 'channels-last', p50Ms)
      if (won === null || !isSame(trial)) return 'clear'
      return {
        ...tell`With the model and its inputs in torch.channels_last it takes ${ms('channels-last', won.times.insteadMs)} instead of ${ms('as-it-is', won.times.nowMs)}, ${ratio('factor', won.times.ratio)} times as fast, timed in turns.`,
        ...savedBy(torch, won, p50Ms),
      }
    },
  }),
)
