// Some processes of the run were in a state in which handing work from one thread to another takes longer. On shared virtual
// machines it comes and goes for seconds to minutes, with no run-queue wait and no steal; a ping-pong between two threads over
// shared memory shows it. Predictions on two threads take 1.6 to 3 times as long meanwhile.
import { ms, ns, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { median } from '@whyslow/measure/statistics/index.ts'
import type { Latency } from '@whyslow/measure/timing/types.ts'
import { fixModel } from '../next-command.ts'
import { defineRule } from '../rule.ts'

/** Share of waiting for a CPU from which slow handoffs are the neighbour's doing: that is `noisy-machine`. */
const WAITED_SHARE = 0.05

/** Handoffs nearer to each other than this do not tell the processes apart: what does is not known. */
const APART = 1.3

export const slowThreadHandoff = defineRule({
  id: 'slow-thread-handoff',
  area: 'hardware',
  title: 'Thread wake-ups are slow at times on this machine',
  needs: ['latency', 'engine'],
  check({ latency, engine }) {
    if (engine.threadsInUse <= 1) return 'clear'

    const regimes = regimesOf(latency).sort((a, b) => a.p50Ms - b.p50Ms)
    if (!regimes.some(({ name }) => name === latency.regime)) {
      return { notChecked: 'threads waited for a CPU, or the handoff between them could not be measured' }
    }
    const [fast, slow] = [regimes[0]!, regimes.at(-1)!]
    if (slow.handoffNs < APART * fast.handoffNs || !isWorthSaying(slow.p50Ms - fast.p50Ms, slow.p50Ms)) return 'clear'

    const isFast = latency.regime === fast.name
    return {
      ...tell`Processes whose handoff between threads took ${ns('fast-handoff', fast.handoffNs)} predicted in ${ms('fast', fast.p50Ms)},
        those with ${ns('slow-handoff', slow.handoffNs)} in ${ms('slow', slow.p50Ms)}. They are reported apart, never averaged: the p50 of
        ${ms('p50', latency.p50Ms)} is of the ${isFast ? 'fast' : 'slower'} state.`,
      timeMs: latency.p50Ms,
      wouldSaveMs: Math.max(0, latency.p50Ms - fast.p50Ms),
      basis: 'measured',
      next: fixModel(),
    }
  },
})

interface Regime {
  readonly name: string
  readonly p50Ms: number
  readonly handoffNs: number
}

/** The regimes whose handoff is known and whose threads had a CPU when they wanted one. */
function regimesOf(latency: Latency): Regime[] {
  return Object.entries({ ...latency.otherRegimes, [latency.regime]: latency.p50Ms }).flatMap(([name, p50Ms]) => {
    const blocks = latency.blocks.filter((block) => block.regime === name)
    const handoffs = blocks
      .flatMap((block) => [block.handoffBeforeNs, block.handoffAfterNs])
      .filter((handoffNs) => handoffNs !== null)
    const waitedMs = blocks.reduce((sum, block) => sum + block.waitedMs, 0)
    const wallMs = blocks.reduce((sum, block) => sum + block.wallMs, 0)
    if (handoffs.length === 0 || waitedMs > WAITED_SHARE * wallMs) return []
    return [{ name, p50Ms, handoffNs: median(handoffs) }]
  })
}
