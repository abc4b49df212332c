// cudaMalloc and cudaFree in warm steps: each waits for the device. A caching allocator that is warm makes none.
import { countFact, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { asShareOfStep, defineRule, missingPart } from '../rule.ts'

/** Share of the window. [ours] */
const FROM = 0.01

export const memoryChurn = defineRule({
  id: 'memory-churn',
  area: 'software',
  title: 'Device memory is allocated during warm steps',
  needs: ['trace'],
  check({ trace }) {
    const { host, device, window } = trace
    if (host === null) return missingPart(trace, 'host')
    if (device === null) return missingPart(trace, 'device')
    if (host.allocations === 0 || host.allocating < FROM) return 'clear'
    if (window.steps === null)
      return { notChecked: 'no steps are marked: a first step allocates, and cannot be separated from the others' }
    const said = tell`${countFact('call', host.allocations)} that allocate or free device memory in ${number('steps', window.steps, 'steps')} warm steps take
      ${share('allocating', host.allocating)} of the time; each waits for the device.`
    return asShareOfStep(trace, said, host.allocating)
  },
})
