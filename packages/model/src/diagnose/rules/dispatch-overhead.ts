// Time goes to starting kernels: a graph of many small nodes pays the start of each. What one start costs was calibrated on chains
// of trivial nodes, without the profiler.
import { ms, number, part, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { fixModel } from '../next-command.ts'
import { defineRule } from '../rule.ts'

/** Below a tenth of the p50, starting kernels is the normal price of a graph. */
const MIN_SHARE = 0.1

/** A node that takes less than three times its own start does so little that merging it into a neighbour loses nothing. */
const SMALL_NODE_DISPATCHES = 3

export const dispatchOverhead = defineRule({
  id: 'dispatch-overhead',
  area: 'software',
  title: 'Dispatch overhead: time goes to launching kernels, not to running them',
  needs: ['latency', 'profile'],
  check({ latency, profile }) {
    const { p50Ms } = latency
    const dispatchMs = profile.dispatchPerNodeUs / 1000
    const ran = profile.nodes.filter((node) => node.runsPerPrediction > 0)
    const starts = ran.reduce((sum, node) => sum + node.runsPerPrediction, 0)
    const small = ran.filter((node) => node.timeMs < SMALL_NODE_DISPATCHES * dispatchMs * node.runsPerPrediction)
    const smallStarts = small.reduce((sum, node) => sum + node.runsPerPrediction, 0)

    const timeMs = Math.min(p50Ms, dispatchMs * starts)
    const savingMs = Math.min(timeMs, dispatchMs * smallStarts)
    if (timeMs < MIN_SHARE * p50Ms || !isWorthSaying(savingMs, p50Ms)) return 'clear'
    return {
      ...tell`A prediction starts ${number('starts', Math.round(starts), 'kernels')} kernels at ${ms('start', dispatchMs)} each: ${ms('time', timeMs)},
        ${part('time-share', timeMs / p50Ms)} of the p50. ${number('small-starts', Math.round(smallStarts), 'kernels')} of them run for less than three times
        their own start; a graph where they are folded or fused would not pay for them.`,
      timeMs,
      wouldSaveMs: null,
      savingUnknown: 'which of them can be folded or fused shows when fix tries it',
      basis: 'modelled',
      nodes: small.map((node) => node.name),
      next: fixModel(),
    }
  },
})
