// Another engine of this machine predicts with the same model in less time: measured by `compare`, in turns with the one in use.
// Software adapters are the CPU under a GPU's interface, and no choice.
import { countFact, error, ms, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { verdictOf } from '@whyslow/measure/statistics/index.ts'
import { measureWith } from '../next-command.ts'
import { defineRule } from '../rule.ts'

export const engineChoice = defineRule({
  id: 'engine-choice',
  area: 'software',
  title: 'Another engine on this machine is faster',
  needs: ['engine', 'latency', 'otherEngines'],
  check({ engine, latency, otherEngines }) {
    const faster = otherEngines.filter(
      ({ software, generated, ...ratio }) => !software && !generated && verdictOf(ratio) === 'faster',
    )
    const best = faster.toSorted((a, b) => a.ratio - b.ratio)[0]
    const savedMs = best === undefined ? 0 : latency.p50Ms * (1 - best.ratio)
    if (best === undefined || !isWorthSaying(savedMs, latency.p50Ms)) return 'clear'
    const others =
      faster.length > 1 ? tell`, the best of ${number('faster-engines', faster.length, 'engines')} that are faster` : ''
    const precision = best.precision === undefined ? '' : ` in ${best.precision}`
    const differ = best.differs ? tell` Its outputs differ by ${error('outputs-differ', best.differs)}.` : ''
    return {
      ...tell`${best.id} on ${best.device}${precision} takes ${ms('best', best.p50Ms)}, ${share('time-ratio', best.ratio)} of the time of ${engine.id}
        (${share('time-ratio-low', best.ratioLow)} to ${share('time-ratio-high', best.ratioHigh)} over ${countFact('round', best.rounds)} of
        fresh processes)${others}.${differ}`,
      timeMs: latency.p50Ms,
      wouldSaveMs: savedMs,
      basis: 'measured',
      next: measureWith('--engine', best.id),
    }
  },
})
