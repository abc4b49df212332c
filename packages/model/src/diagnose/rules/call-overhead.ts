// A good part of the latency is paid for the call and not for the model. Where it is more than half, `tiny-model` says so instead.
import { countFact, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import type { OtherEngine } from '../../evidence/evidence.ts'
import { emptyModelTakes, fasterGeneratedCode, isTiny, surelyCallMs } from '../call.ts'
import { fixModel } from '../next-command.ts'
import { defineRule } from '../rule.ts'

/** Below a tenth, no change to the call is noticeable next to the model. */
const MIN_SHARE = 0.1

export const callOverhead = defineRule({
  id: 'call-overhead',
  area: 'software',
  title: 'Call overhead: part of every prediction is the call itself',
  needs: ['latency', 'callCost'],
  wants: ['costs', 'inputs', 'outputs', 'otherEngines'],
  coveredBy: ['tiny-model'],
  check({ latency, callCost, costs, inputs, outputs, otherEngines }) {
    const { p50Ms } = latency
    const code = fasterGeneratedCode(otherEngines)
    // What code without a call saves was measured, whatever the operators leave.
    const callMs = surelyCallMs(p50Ms, callCost.ciLowMs, code === undefined ? costs : undefined)
    if (callMs < MIN_SHARE * p50Ms || (code === undefined && isTiny(callMs, p50Ms))) return 'clear'
    const ports =
      inputs === undefined || outputs === undefined
        ? ''
        : tell` with ${countFact('input', inputs.length)} and ${countFact('output', outputs.length)}`
    if (code !== undefined) return withoutCall(p50Ms, callMs, code)
    return {
      ...tell`A call${ports} costs ${ms('call', callMs)}, ${share('call-share', callMs / p50Ms)} of the p50, before any operator runs:
        ${emptyModelTakes(callCost, callMs)}. It is paid once per call: larger batches, and fewer or smaller inputs and outputs, make it smaller.`,
      timeMs: callMs,
      wouldSaveMs: callMs,
      basis: 'modelled',
      next: fixModel('--for', 'throughput'),
    }
  },
})

/** What code written for the model takes was measured: the call, and whatever else the engine does around so small a model. */
function withoutCall(p50Ms: number, callMs: number, { id, p50Ms: codeMs, ratio, ratioLow, ratioHigh, rounds }: OtherEngine) {
  return {
    ...tell`A call costs ${ms('call', callMs)}, ${share('call-share', callMs / p50Ms)} of the p50, before any operator runs. Written as code for this
      model (${id}), without an engine to call, a prediction takes ${ms('code', codeMs)}, ${share('time-ratio', ratio)} of the time
      (${share('time-ratio-low', ratioLow)} to ${share('time-ratio-high', ratioHigh)} over ${countFact('round', rounds)} of fresh processes).`,
    timeMs: p50Ms,
    wouldSaveMs: p50Ms * (1 - ratio),
    basis: 'measured' as const,
    next: fixModel(),
  }
}
