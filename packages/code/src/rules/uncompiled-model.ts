// torch.compile fuses operators into kernels of their own; whether that pays is timed.
import { ms, ratio, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule } from '../rule.ts'
import { DISPATCH_SHARE, dispatchShare, fixOf, isSame, ofTorch, savedBy, WITHOUT_TRAINING, wonBy } from '../torch.ts'

export const uncompiledModel = defineRule(
  ofTorch({
    id: 'uncompiled-model',
    area: 'software',
    title: 'The model runs operator by operator: torch.compile is faster',
    after: WITHOUT_TRAINING,
    check(torch, { latency: { p50Ms }, target }) {
      if (torch.compiled) return 'does-not-apply'
      const trial = torch.trials.find(({ id }) => id === 'compile')
      if (trial === undefined || trial.times === null) return { notChecked: trial?.reason ?? 'torch.compile was not tried' }
      const won = wonBy(torch, 'compile', p50Ms)
      // Its share of dispatch is told with the same cure.
      if (won === null || !isSame(trial) || (dispatchShare(torch) ?? 0) >= DISPATCH_SHARE) return 'clear'
      return {
        ...tell`Compiled by torch.compile, the same model takes ${ms('compiled-time', won.times.insteadMs)} instead of ${ms('eager', won.times.nowMs)}, ${ratio('factor', won.times.ratio)} times as fast, timed in turns. Its first call took ${ms('compile', trial.firstMs ?? 0)}.`,
        ...savedBy(torch, won, p50Ms),
        next: fixOf({ target }),
      }
    },
  }),
)
