// Idle time of the device: what no kernel and no copy covers. Above 15 % AMD's TraceLens calls a run idle (cpu_idle_analysis.py at
// github.com/AMD-AGI/TraceLens); below 50 % busy PyTorch's TensorBoard plugin warned.
import { countFact, share, tell } from '@whyslow/diagnosis/tell.ts'
import { asShareOfStep, defineRule, missingPart, whileIdle } from '../rule.ts'

/** TraceLens. */
const IDLE_FROM = 0.15

export const gpuIdle = defineRule({
  id: 'gpu-idle',
  area: 'software',
  title: 'GPU idle: the device has nothing to do for much of the time',
  needs: ['trace'],
  check({ trace }) {
    const { device } = trace
    if (device === null) return missingPart(trace, 'device')
    const { idle, compute, copy } = device.shares
    if (idle <= IDLE_FROM) return 'clear'
    const said = tell`Over ${countFact('kernel', device.kernels)} the device works ${share('busy', 1 - idle)} of the time, ${share('compute', compute)} in
      kernels and ${share('copies', copy)} in copies; for ${share('idle', idle)} it waits.${whileIdle(device)}`
    return asShareOfStep(trace, said, idle)
  },
})
