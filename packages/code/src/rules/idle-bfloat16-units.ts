// Processors with AMX or AVX512-BF16 multiply bfloat16 faster than float32; the outputs are less exact.
import { error, ms, ratio, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule } from '../rule.ts'
import { ofTorch, savedBy, WITHOUT_TRAINING, wonBy } from '../torch.ts'

/** Beyond, it is another model. */
const LARGEST_ERROR = 0.05

export const idleBfloat16Units = defineRule(
  ofTorch({
    id: 'idle-bfloat16-units',
    area: 'hardware',
    title: 'Idle bfloat16 units: the model is faster in bfloat16 on this CPU',
    after: WITHOUT_TRAINING,
    check(torch, { latency: { p50Ms } }) {
      const trial = torch.trials.find(({ id }) => id === 'bfloat16')
      if (trial === undefined) return 'does-not-apply'
      if (trial.times === null) return { notChecked: trial.reason ?? 'it was not timed' }
      const won = wonBy(torch, 'bfloat16', p50Ms)
      if (won === null || trial.error === null || trial.error > LARGEST_ERROR) return 'clear'
      return {
        ...tell`In bfloat16 it takes ${ms('bfloat16', won.times.insteadMs)} instead of ${ms('as-it-is', won.times.nowMs)}, ${ratio('factor', won.times.ratio)} times as fast, timed in turns. Outputs differ by up to ${error('largest-error', trial.error)} of the largest value: whether that will do, your own metric says.`,
        ...savedBy(torch, won, p50Ms),
      }
    },
  }),
)
