// PyTorch's threads: as many as cores by default, whatever the model is worth.
import { countFact, ms, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule } from '../rule.ts'
import { ofTorch, savedBy, WITHOUT_TRAINING, wonBy } from '../torch.ts'

export const threadCount = defineRule(
  ofTorch({
    id: 'thread-count',
    area: 'software',
    title: 'Another thread count is faster',
    after: WITHOUT_TRAINING,
    check(torch, { latency: { p50Ms } }) {
      const tried = torch.trials.filter(({ id }) => id === 'threads')
      if (tried.length === 0) return 'does-not-apply'
      const won = wonBy(torch, 'threads', p50Ms)
      if (won === null) return 'clear'
      return {
        ...tell`The model runs on ${countFact('thread', torch.threads)}. On ${countFact('thread', won.trial.threads ?? 1, 'threads-tried')} (torch.set_num_threads) it takes ${ms('other-threads', won.times.insteadMs)} instead of ${ms('as-it-is', won.times.nowMs)}, timed in turns within inference_mode().`,
        ...savedBy(torch, won, p50Ms),
      }
    },
  }),
)
