// A good part of the latency is paid for the call and not for the model. Where it is more than half, `tiny-model` says so instead.
import { isTiny } from '../call.ts'
import { defineRule } from '../rule.ts'
import { counted, ms, share, tell } from '../tell.ts'

/** Below a tenth, no change to the call is felt beside the model. */
const MIN_SHARE = 0.1

export const callOverhead = defineRule({
  id: 'call-overhead',
  area: 'software',
  title: 'Part of every prediction is the call itself',
  needs: ['latency', 'callCost'],
  wants: ['inputs', 'outputs'],
  check({ latency, callCost, inputs, outputs }) {
    const { p50Ms } = latency
    const callMs = Math.min(callCost.callMs, p50Ms)
    if (callMs < MIN_SHARE * p50Ms || isTiny(callCost.callMs, p50Ms)) return 'clear'
    const ports =
      inputs === undefined || outputs === undefined
        ? ''
        : tell` with ${counted('input', inputs.length)} and ${counted('output', outputs.length)}`
    return {
      ...tell`A call${ports} costs ${ms('call', callMs)}, ${share('call-share', callMs / p50Ms)} of the p50, before any operator runs.
        It is paid once per call: larger batches, and fewer or smaller inputs and outputs, make it smaller.`,
      timeMs: callMs,
      wouldSaveMs: callMs,
      basis: 'modelled',
      next: 'whyslow fix MODEL -o fast/ --for throughput',
    }
  },
})
