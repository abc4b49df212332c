// Gaps on the device whose next kernel was launched only after the gap had begun: the queue was empty. After the idle-time breakdown of
// facebookresearch/HolisticTraceAnalysis, over all streams of a device.
import { share, tell } from '@whyslow/diagnosis/tell.ts'
import { asShareOfStep, defineRule, missingPart, whileIdle } from '../rule.ts'

/** As of gpu-idle. */
const IDLE_FROM = 0.15
/** Share of the idle time: what comes mostly from elsewhere is no matter of the host. [ours] */
const MOSTLY = 0.5
/** Kernels that begin before their launch: above, the clocks of host and device differ too much to be compared. [ours] */
const MOST_NEGATIVE = 0.01
const SKEWED = { notChecked: 'the clocks of host and device differ: kernels begin before their launches' }

export const hostBound = defineRule({
  id: 'host-bound',
  area: 'software',
  title: 'Host-bound: the CPU cannot launch kernels fast enough',
  needs: ['trace'],
  check({ trace }) {
    const { device, launches } = trace
    if (device === null) return missingPart(trace, 'device')
    if (launches === null) return missingPart(trace, 'launches')
    if (launches.negativeShare > MOST_NEGATIVE) return SKEWED
    const { idle } = device.shares
    const parts = device.idleParts
    if (idle <= IDLE_FROM || device.hostWait < MOSTLY * idle) return 'clear'
    // What its own rules say is theirs.
    const told = parts === null ? 0 : parts.dataLoading + parts.compiling + parts.allocating
    const bound = Math.max(0, Math.min(device.hostWait, idle - told))
    if (bound <= IDLE_FROM) return 'clear'
    const said = tell`For ${share('host-wait', device.hostWait)} of the time the queue of the device is empty: the next kernel is launched only
      after the last one has ended.${whileIdle(device)}`
    return asShareOfStep(trace, said, bound)
  },
})
