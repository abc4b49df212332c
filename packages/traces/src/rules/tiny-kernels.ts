// Kernels below 10 µs, as AMD's TraceLens counts them: shorter than handing out the next. Harmless where they overlap.
import { countFact, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { TINY_US } from '../facts/device-facts.ts'
import { asShareOfStep, defineRule, missingPart } from '../rule.ts'

/** Share of all kernels. [ours] */
const MOSTLY = 0.5
/** As of gpu-idle: where the device is busy all the same, they cost nothing. */
const IDLE_FROM = 0.15

export const tinyKernels = defineRule({
  id: 'tiny-kernels',
  area: 'software',
  title: 'Most kernels are too short to keep the device busy',
  needs: ['trace'],
  check({ trace }) {
    const { device } = trace
    if (device === null) return missingPart(trace, 'device')
    const { kernels, tinyKernels, shares, idleParts } = device
    if (kernels === 0 || tinyKernels <= MOSTLY * kernels || shares.idle <= IDLE_FROM) return 'clear'
    const bound = idleParts === null ? shares.idle : idleParts.launching + idleParts.dispatching
    const said = tell`${share('tiny-share', tinyKernels / kernels)} of ${countFact('kernel', kernels)} take less than ${number('tiny-below', TINY_US, 'us')} µs, about what
      it takes to launch one, and the device waits ${share('idle', shares.idle)} of the time.`
    return asShareOfStep(trace, said, bound)
  },
})
