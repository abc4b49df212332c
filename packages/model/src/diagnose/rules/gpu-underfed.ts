// The device works for a part of the prediction only: kernels, by its own clock, and copies do not fill it. The rest goes to handing
// out work, kernel by kernel, and to waiting for the answer. Small models and small batches feed a GPU badly.
import { countFact, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { copiesMs, DEVICE_NOT_MEASURED, onCpuMs, withoutGpu } from '../device.ts'
import { defineRule } from '../rule.ts'

/** Half of the time without work: below it kernels or copies are the place to look. */
const IDLE_SHARE = 0.5

export const gpuUnderfed = defineRule({
  id: 'gpu-underfed',
  area: 'software',
  title: 'The GPU waits for work most of the time',
  needs: ['engine', 'latency'],
  wants: ['device'],
  check({ engine, latency, device }) {
    const none = withoutGpu(engine)
    if (none !== null) return none
    if (device === undefined) return DEVICE_NOT_MEASURED
    if (device.kernelsMs === null) return { notChecked: `${engine.id} gives no times of the device` }
    const busyMs = device.kernelsMs + copiesMs(device) + onCpuMs(device)
    const idleMs = Math.max(0, latency.p50Ms - busyMs)
    if (idleMs < IDLE_SHARE * latency.p50Ms) return 'clear'
    const launches = device.programs.reduce((sum, { runs }) => sum + runs, 0)
    return {
      ...tell`Kernels take ${ms('kernels', device.kernelsMs)} of ${ms('p50', latency.p50Ms)}, copies ${ms('copies', copiesMs(device))}; in
        the other ${ms('idle', idleMs)} (${share('idle-share', idleMs / latency.p50Ms)}) ${countFact('program', Math.round(launches))} must
        be launched, and their results awaited.`,
      timeMs: idleMs,
      wouldSaveMs: null,
      savingUnknown: 'no run kept the device busy: larger batches or fewer kernels have to be tried',
      basis: 'modelled',
    }
  },
})
