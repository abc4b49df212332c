// Time in which the device copies and neither computes nor communicates. Limits borrowed from XProf's of input time.
import { bytes, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { asShareOfStep, defineRule, missingPart } from '../rule.ts'

/** XProf's lower limit for input; its upper is 20 %. */
const FROM = 0.05

export const copyBound = defineRule({
  id: 'copy-bound',
  area: 'hardware',
  title: 'Copies between host and device are waited for',
  needs: ['trace'],
  check({ trace }) {
    const { device } = trace
    if (device === null) return missingPart(trace, 'device')
    const { copy } = device.shares
    const { copies } = device
    if (copy <= FROM) return 'clear'
    const amount = copies.bytes === null ? tell`` : tell` of ${bytes('copied', copies.bytes)}`
    const pageable =
      copies.pageableBytes > 0
        ? tell` ${bytes('pageable', copies.pageableBytes)} of them are from or to memory that is not pinned.`
        : tell``
    const said = tell`${number('copies', copies.count, 'copies')} copies${amount} take ${share('exposed-copies', copy)} of the time in which
      nothing else runs on the device.${pageable}`
    return asShareOfStep(trace, said, copy)
  },
})
