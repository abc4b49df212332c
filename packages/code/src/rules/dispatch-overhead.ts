// PyTorch in eager mode starts each operator from Python: of small operators that is most of the time.
import { countFact, share as inShare, ms, ns, tell } from '@whyslow/diagnosis/tell.ts'
import { UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'
import {
  DISPATCH_SHARE,
  dispatchShare,
  fixOf,
  isSame,
  isTimed,
  ofTorch,
  placesOfModel,
  undisturbedMs,
  WITHOUT_TRAINING,
  wonBy,
} from '../torch.ts'

export const dispatchOverhead = defineRule(
  ofTorch({
    id: 'dispatch-overhead',
    area: 'software',
    title: 'Time goes to starting operators, not to running them',
    after: WITHOUT_TRAINING,
    check(torch, { latency: { p50Ms }, target }) {
      const share = dispatchShare(torch)
      const { dispatchMs, operatorsPerPrediction } = torch
      if (share === null || dispatchMs === null || operatorsPerPrediction === null)
        return { notChecked: 'operators were not counted' }
      if (share < DISPATCH_SHARE) return 'clear'
      const timeMs = undisturbedMs(dispatchMs, torch, p50Ms)
      const compiled = wonBy(torch, 'compile', p50Ms)
      const cure =
        compiled !== null && isSame(compiled.trial)
          ? tell` torch.compile, which makes few large ones of them, takes ${ms('compiled-time', compiled.times.insteadMs)} in turns with it.`
          : tell` An exported graph, or several inputs in one call, needs fewer.`
      return {
        ...tell`${torch.root} runs ${countFact('operator', Math.round(operatorsPerPrediction))} for a prediction; starting one takes ${ns('empty-operator', torch.operatorNs)} on this machine: ${inShare('dispatch', share)} of the model's time.${cure}`,
        timeMs,
        ...(compiled !== null && isSame(compiled.trial)
          ? { wouldSaveMs: Math.min(compiled.savedMs, p50Ms), basis: 'measured' as const }
          : isTimed(torch, 'compile')
            ? { ...UNTRIED, savingUnknown: 'torch.compile was tried and is no cure; an exported graph was not run' }
            : UNTRIED),
        places: placesOfModel(torch),
        next: fixOf({ target }),
      }
    },
  }),
)
