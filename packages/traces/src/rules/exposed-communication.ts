// Communication that no computation covers. PyTorch's TensorBoard plugin warned above 10 % of the step.
import { share, tell } from '@whyslow/diagnosis/tell.ts'
import { asShareOfStep, defineRule, missingPart } from '../rule.ts'

/** PyTorch's TensorBoard plugin. */
const FROM = 0.1

export const exposedCommunication = defineRule({
  id: 'exposed-communication',
  area: 'hardware',
  title: 'Communication: devices wait for each other',
  needs: ['trace'],
  check({ trace }) {
    const { device } = trace
    if (device === null) return missingPart(trace, 'device')
    if (device.communicationMs === 0) return 'does-not-apply'
    const { communication } = device.shares
    if (communication <= FROM) return 'clear'
    const said = tell`Communication between devices takes ${share('exposed-communication', communication)} of the time in which nothing is computed;
      ${share('overlapped', device.overlappedCommunication)} of it is hidden behind kernels.`
    return asShareOfStep(trace, said, communication)
  },
})
