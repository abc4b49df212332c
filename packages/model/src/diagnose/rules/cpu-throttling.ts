// A CPU quota (cgroup cpu.max, `docker --cpus`, Kubernetes limits) stops every thread of the container once the period's budget is
// used up, usually for tens of milliseconds. https://docs.kernel.org/scheduler/sched-bwc.html
import { ms, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { shareOfWall, totalsOf } from '../disturbance.ts'
import { fixModel, measureWith } from '../next-command.ts'
import { defineRule } from '../rule.ts'

/** Below 2 % of the time a stop is a rare tail, not why predictions are slow. */
const THROTTLED_SHARE = 0.02
/** Default period of Docker and Kubernetes. */
const USUAL_PERIOD_MS = 100

export const cpuThrottling = defineRule({
  id: 'cpu-throttling',
  area: 'hardware',
  title: 'CPU throttling: a quota stops the process',
  needs: ['latency', 'machine', 'engine'],
  check({ latency, machine, engine }) {
    const totals = totalsOf(latency)
    // The kernel adds up the stops of every CPU, so threads that are stopped together are counted once each.
    const stoppedTogether = Math.max(1, Math.min(engine.threadsInUse, machine.onlineCpus))
    const stopped = Math.min(1, shareOfWall(totals.throttledCpuMs, totals) / stoppedTogether)
    if (stopped < THROTTLED_SHARE) return 'clear'

    const quota = machine.quotaCpus
    const fitting = quota === null ? null : Math.max(1, Math.floor(quota))
    return {
      ...tell`${quota === null ? 'A quota' : tell`The quota of ${number('quota', quota, 'CPUs')} CPUs`} stopped the process for
        ${ms('stopped', totals.throttledCpuMs / stoppedTogether)} of ${ms('timed', totals.wallMs)}: ${share('stopped-share', stopped)} of the
        time. Stops come in pieces of up to a period (${ms('usual-period', USUAL_PERIOD_MS)} as a rule), so short predictions see them
        in the tail and in throughput more than in the p50.`,
      timeMs: stopped * latency.p50Ms,
      wouldSaveMs: null,
      savingUnknown: 'a run without the quota was not possible',
      basis: 'modelled',
      next: fitting !== null && fitting < engine.threadsInUse ? measureWith('--threads', String(fitting)) : fixModel(),
    }
  },
})
