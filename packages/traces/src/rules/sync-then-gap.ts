// A wait is no loss: the device works meanwhile. What is lost is the time from the end of the wait to the next work. The last wait of
// the window is left out: nothing is meant to follow it.
import { countFact, share, tell } from '@whyslow/diagnosis/tell.ts'
import { asShareOfStep, defineRule, missingPart } from '../rule.ts'

/** [ours] */
const FROM = 0.03

export const syncThenGap = defineRule({
  id: 'sync-then-gap',
  area: 'software',
  title: 'Synchronization leaves the device without work',
  needs: ['trace'],
  check({ trace }) {
    const { device } = trace
    if (device === null) return missingPart(trace, 'device')
    if (device.syncGap === null) return missingPart(trace, 'launches')
    if (device.syncs < 2 || device.syncGap <= FROM) return 'clear'
    const said = tell`After ${countFact('wait', device.syncs)} for the device it has nothing to do until the host has launched again:
      ${share('after-waits', device.syncGap)} of the time.`
    return asShareOfStep(trace, said, device.syncGap)
  },
})
