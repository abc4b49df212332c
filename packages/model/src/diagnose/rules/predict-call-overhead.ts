// What a call of TensorFlow.js costs that computes nothing: `predict` of a layers model checks its inputs, cuts them into batches of 32 and joins
// what comes out; a graph model finds its way through its nodes. Small models pay more for that than for their kernels.
import { nextCommand } from '@whyslow/diagnosis/next-command.ts'
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { surelyCallMs } from '../call.ts'
import { MODEL } from '../next-command.ts'
import { defineRule } from '../rule.ts'

/** Below a tenth, no change to the call is noticeable next to the model. */
const MIN_SHARE = 0.1

export const predictCallOverhead = defineRule({
  id: 'predict-call-overhead',
  area: 'software',
  title: 'Call overhead: part of every prediction is the call of predict',
  needs: ['engine', 'latency'],
  wants: ['observed', 'costs'],
  check({ engine, latency: { p50Ms }, observed, costs }) {
    if (!engine.offers.includes('tensors-by-hand')) return 'does-not-apply'
    if (observed === undefined) return { notChecked: 'a call that computes nothing was not timed' }
    const callMs = surelyCallMs(p50Ms, observed.callLowMs ?? observed.callMs, costs)
    if (callMs < MIN_SHARE * p50Ms) return 'clear'
    return {
      ...tell`A call with the same inputs that computes nothing takes at least ${ms('call', callMs)}, ${share('call-share', callMs / p50Ms)} of the
        p50: checking inputs, cutting them into batches, reading outputs. It is paid once per call, however many samples are in it.`,
      timeMs: callMs,
      wouldSaveMs: callMs,
      basis: 'modelled',
      next: nextCommand('compare', MODEL),
    }
  },
})
