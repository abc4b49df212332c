// Inputs and outputs travel between the memories of CPU and device, over a bus that is ten to fifty times slower than either memory.
// Small models and large pictures spend more on the way than in kernels.
import type { BoundTimes } from '../../measure/timing/types.ts'
import { copiesMs, NOT_WATCHED, withoutGpu } from '../device.ts'
import { defineRule, type Outcome } from '../rule.ts'
import { sayMs, sayShare } from '../worth.ts'

/** A quarter of the latency: below it kernels and their starts are the place to look. */
const LARGE_SHARE = 0.25

export const transferBound = defineRule({
  id: 'transfer-bound',
  area: 'hardware',
  title: 'Much of the prediction is the way to the device and back',
  needs: ['engine', 'latency'],
  wants: ['device'],
  check({ engine, latency, device }) {
    const none = withoutGpu(engine)
    if (none !== null) return none
    if (device === undefined) return NOT_WATCHED
    if (device.bound) return kept(device.bound, latency.p50Ms)
    const movedMs = Math.min(copiesMs(device), latency.p50Ms)
    if (movedMs < LARGE_SHARE * latency.p50Ms) return 'clear'
    return {
      found: {
        detail:
          `Timed alone, the inputs take ${sayMs(device.uploadMs)} to the device and the outputs ${sayMs(device.downloadMs)} back: ` +
          `${sayShare(movedMs / latency.p50Ms)} of the prediction.`,
        timeMs: movedMs,
        wouldSaveMs: movedMs,
        basis: 'modelled',
        nodes: [],
        next: null,
      },
    }
  },
})

/** That very change was timed: inputs and outputs kept on the device. */
function kept({ copiedMs, boundMs, ratio, ratioLow, ratioHigh, rounds }: BoundTimes, p50Ms: number): Outcome {
  if (1 - ratio < LARGE_SHARE || ratioHigh >= 1) return 'clear'
  const savedMs = p50Ms * (1 - ratio)
  return {
    found: {
      detail:
        `With inputs and outputs kept on the device (I/O binding) it takes ${sayMs(boundMs)} in place of ${sayMs(copiedMs)}, ` +
        `${sayShare(ratio)} of the time (${sayShare(ratioLow)} to ${sayShare(ratioHigh)} over ${rounds} rounds).`,
      timeMs: savedMs,
      wouldSaveMs: savedMs,
      basis: 'measured',
      nodes: [],
      next: null,
    },
  }
}
