// Nodes that the device has no kernel for run on the CPU, and what they read and write is copied there and back, in the middle of the
// prediction: the device waits. A few on shapes cost nothing; one large one can cost more than all kernels.
import { ms, number, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import type { DeviceTimes } from '@whyslow/measure/timing/types.ts'
import { DEVICE_NOT_MEASURED, onCpuMs, withoutGpu } from '../device.ts'
import { operatorsTake } from '../operators.ts'
import { defineRule } from '../rule.ts'

export const fallbackOperators = defineRule({
  id: 'fallback-operators',
  area: 'software',
  title: 'Operators without a kernel on the device run on the CPU',
  needs: ['engine', 'latency'],
  wants: ['device'],
  check({ engine, latency, device }) {
    const none = withoutGpu(engine)
    if (none !== null) return none
    if (device === undefined) return DEVICE_NOT_MEASURED
    if (device.nodes === null) return device.needsCpu === false ? 'clear' : { notChecked: whyUnknown(engine.id, device) }
    const { onCpu, copies } = device.nodes
    const back = copies.filter(({ opType }) => opType === 'MemcpyFromHost')
    const workMs = Math.min(latency.p50Ms, onCpuMs(device) + back.reduce((sum, { timeMs }) => sum + timeMs, 0))
    const waits = copies.filter(({ opType }) => opType === 'MemcpyToHost').reduce((sum, { timeMs }) => sum + timeMs, 0)
    if (onCpu.length === 0 || !isWorthSaying(workMs, latency.p50Ms)) return 'clear'
    const longest = onCpu.toSorted((a, b) => b.timeMs - a.timeMs)
    return {
      ...tell`On the CPU, ${operatorsTake(longest.map(({ opType }) => opType))} ${ms('on-cpu', onCpuMs(device))};
        ${number('copies', copies.length, 'copies')} copies between CPU and device are around them, and in ${ms('copies-out', waits)} of
        those the CPU waits for the device first.${refused(device)}`,
      timeMs: workMs,
      wouldSaveMs: null,
      savingUnknown: 'the device has no kernel for them to be timed with',
      basis: 'modelled',
      nodes: longest.map(({ name }) => name),
    }
  },
})

const whyUnknown = (id: string, { needsCpu }: DeviceTimes): string =>
  needsCpu === true
    ? `${id} refuses the model if the CPU may not help, and does not say for which nodes`
    : `${id} does not say where its nodes run`

const refused = ({ needsCpu }: DeviceTimes): string =>
  needsCpu === true ? ' The engine refuses the model if the CPU may not help (session.disable_cpu_ep_fallback).' : ''
