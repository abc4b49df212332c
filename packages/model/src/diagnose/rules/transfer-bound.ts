// Inputs and outputs travel between the memories of CPU and device, over a bus that is ten to fifty times slower than either memory.
// Small models and large images spend more on the way than in kernels.
import type { Outcome } from '@whyslow/diagnosis/rule.ts'
import { countFact, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { verdictOf } from '@whyslow/measure/statistics/index.ts'
import type { BoundTimes } from '@whyslow/measure/timing/types.ts'
import { copiesMs, DEVICE_NOT_MEASURED, withoutGpu } from '../device.ts'
import { defineRule } from '../rule.ts'

/** A quarter of the latency: below it kernels and their starts are the place to look. */
const LARGE_SHARE = 0.25

export const transferBound = defineRule({
  id: 'transfer-bound',
  area: 'hardware',
  title: 'Transfer-bound: copies to and from the device take much of the time',
  needs: ['engine', 'latency'],
  wants: ['device'],
  check({ engine, latency, device }) {
    const none = withoutGpu(engine)
    if (none !== null) return none
    if (device === undefined) return DEVICE_NOT_MEASURED
    if (device.bound) return kept(device.bound, latency.p50Ms)
    const movedMs = Math.min(copiesMs(device), latency.p50Ms)
    if (movedMs < LARGE_SHARE * latency.p50Ms) return 'clear'
    return {
      ...tell`Timed alone, the inputs take ${ms('upload', device.uploadMs)} to the device and the outputs
        ${ms('download', device.downloadMs)} back: ${share('moved-share', movedMs / latency.p50Ms)} of the prediction.`,
      timeMs: movedMs,
      wouldSaveMs: null,
      savingUnknown: 'a run that keeps inputs and outputs on the device was not timed',
      basis: 'modelled',
    }
  },
})

/** whyslow timed this very change: inputs and outputs kept on the device. */
function kept({ copiedMs, boundMs, ratio, ratioLow, ratioHigh, rounds }: BoundTimes, p50Ms: number): Outcome {
  if (1 - ratio < LARGE_SHARE || verdictOf({ ratioLow, ratioHigh }) !== 'faster') return 'clear'
  const savedMs = p50Ms * (1 - ratio)
  return {
    ...tell`With inputs and outputs kept on the device (I/O binding) it takes ${ms('bound', boundMs)} instead of ${ms('copied', copiedMs)},
      ${share('time-ratio', ratio)} of the time (${share('time-ratio-low', ratioLow)} to ${share('time-ratio-high', ratioHigh)} over
      ${countFact('round', rounds)}).`,
    timeMs: savedMs,
    wouldSaveMs: savedMs,
    basis: 'measured',
  }
}
