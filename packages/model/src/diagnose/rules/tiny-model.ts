// The engine's call costs more than the model: copying the feeds in, creating the outputs, crossing from JavaScript to native
// code. An empty model with the same inputs and outputs measures it.
import { ms, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { emptyModelTakes, fasterGeneratedCode, isTiny, surelyCallMs } from '../call.ts'
import { fixModel } from '../next-command.ts'
import { defineRule } from '../rule.ts'

export const tinyModel = defineRule({
  id: 'tiny-model',
  area: 'software',
  title: 'Calling the engine costs more than the model',
  needs: ['latency', 'callCost'],
  wants: ['costs', 'otherEngines'],
  coveredBy: ['call-overhead'],
  check({ latency, callCost, costs, otherEngines }) {
    const { p50Ms } = latency
    // If code without a call was measured, `call-overhead` reports its gain.
    const callMs = surelyCallMs(p50Ms, callCost.ciLowMs, costs)
    if (!isTiny(callMs, p50Ms) || fasterGeneratedCode(otherEngines) !== undefined) return 'clear'
    const work =
      costs === undefined || costs.macs === 0
        ? ''
        : tell` The model needs ${number('macs', costs.macs, 'multiply-adds')} multiply-adds.`
    return {
      ...tell`Of ${ms('p50', p50Ms)}, ${ms('call', callMs)} (${share('call-share', callMs / p50Ms)}) is the price of any call:
        ${emptyModelTakes(callCost, callMs)}.${work} One call for many samples, or the model as plain code in the caller's
        language, avoids it.`,
      timeMs: callMs,
      wouldSaveMs: callMs,
      basis: 'modelled',
      next: fixModel(),
    }
  },
})
