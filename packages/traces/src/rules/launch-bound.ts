// While the device waits, the host is in launch calls or in the framework between them: cost per kernel, whatever the kernel does.
import { countFact, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { asShareOfStep, defineRule, missingPart } from '../rule.ts'

/** Share of the window. XProf's upper limit for launch overhead is 15 %, its lower 3 % (openxla/xprof): between them. [ours] */
const FROM = 0.1

export const launchBound = defineRule({
  id: 'launch-bound',
  area: 'software',
  title: 'Launch-bound: the device is idle while the host launches kernels',
  needs: ['trace'],
  check({ trace }) {
    const { device, launches } = trace
    if (device === null) return missingPart(trace, 'device')
    if (launches === null || device.idleParts === null) return missingPart(trace, 'launches')
    const { launching, dispatching } = device.idleParts
    const bound = launching + dispatching
    if (bound < FROM || bound > device.shares.idle + 1e-9) return 'clear'
    const said = tell`The device waits ${share('handing-out', bound)} of the time while the host launches kernels: ${share('launch-calls', launching)} in
      launch calls, ${share('dispatch', dispatching)} in the framework around them, for ${countFact('kernel', device.kernels)} by
      ${number('launches', launches.count, 'calls')} launch calls. A call takes ${number('launch-call', Math.round(launches.medianUs), 'us')} µs at the median.`
    return asShareOfStep(trace, said, bound)
  },
})
