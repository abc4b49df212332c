// The machine has a device that an engine could use and the prediction ran on the CPU. Whether it is faster depends on the model:
// transfers and kernel starts cost small models more than they save. So it is a note until it is measured (`compare`), and then an answer.
import { nextCommand } from '@whyslow/diagnosis/next-command.ts'
import { countFact, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { verdictOf } from '@whyslow/measure/statistics/index.ts'
import { MODEL, measureWith } from '../next-command.ts'
import { defineRule } from '../rule.ts'

/** What engines on the CPU call their device. */
const CPU = 'cpu'

export const idleAccelerator = defineRule({
  id: 'idle-accelerator',
  area: 'hardware',
  title: 'An accelerator is idle while the CPU predicts',
  needs: ['machine', 'engine', 'latency'],
  wants: ['otherEngines'],
  check({ machine, engine, latency, otherEngines = [] }) {
    if (engine.device !== CPU) return 'does-not-apply'
    const measured = otherEngines.filter(({ software, device }) => !software && device !== CPU)
    const best = measured.toSorted((a, b) => a.ratio - b.ratio)[0]
    if (best !== undefined) {
      const savedMs = latency.p50Ms * (1 - best.ratio)
      if (verdictOf(best) !== 'faster' || !isWorthSaying(savedMs, latency.p50Ms)) return 'clear'
      return {
        ...tell`${best.id} on ${best.device} takes ${ms('best', best.p50Ms)}, ${share('time-ratio', best.ratio)} of the time of
          ${engine.id} (${share('time-ratio-low', best.ratioLow)} to ${share('time-ratio-high', best.ratioHigh)} over
          ${countFact('round', best.rounds)}).`,
        timeMs: latency.p50Ms,
        wouldSaveMs: savedMs,
        basis: 'measured',
        next: measureWith('--engine', best.id),
      }
    }
    if (machine.accelerators.length === 0) return 'clear'
    return {
      ...tell`An installed engine can see ${machine.accelerators.join(', ')}; ${engine.id} ran on the CPU.
        What it would save was not measured.`,
      timeMs: latency.p50Ms,
      wouldSaveMs: 0,
      basis: 'modelled',
      next: nextCommand('compare', MODEL),
    }
  },
})
