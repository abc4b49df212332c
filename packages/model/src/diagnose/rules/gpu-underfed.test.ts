import { checkRule, engine, evidence } from '../../../test/support/diagnose/check-rule.ts'
import { gpuUnderfed } from './gpu-underfed.ts'

const onGpu = engine({ id: 'ort-webgpu', device: 'NVIDIA T4', deviceKind: 'gpu' })
const program = { node: 'a', opType: 'Conv', program: 'Conv2dMM', timeMs: 1, runs: 40 }
const device = (kernelsMs: number | null) => ({
  kernelsMs,
  programs: [program],
  uploadMs: 0.5,
  downloadMs: 0.5,
  nodes: { onDevice: 40, onCpu: [{ name: 's', opType: 'Shape', timeMs: 1 }], copies: [] },
})

checkRule(gpuUnderfed, {
  found: [
    {
      // 10 - (2 + 0.5 + 0.5 + 1) = 6
      name: 'kernels of 2 ms in a prediction of 10',
      given: evidence({ p50Ms: 10, engine: onGpu, device: device(2) }),
      expect: { timeMs: 6, wouldSaveMs: null, basis: 'modelled', detail: /2\.00 ms of 10\.0 ms.*60 %.*40 programs/ },
    },
    {
      // 10 - (2.9 + 2): 51 %.
      name: 'kernels of 2.9 ms',
      given: evidence({ p50Ms: 10, engine: onGpu, device: device(2.9) }),
      expect: { timeMs: 5.1, wouldSaveMs: null },
    },
  ],
  clear: [
    { name: 'kernels of 4 ms', given: evidence({ p50Ms: 10, engine: onGpu, device: device(4) }) },
    { name: 'kernels that take longer with timestamps', given: evidence({ p50Ms: 10, engine: onGpu, device: device(12) }) },
    // 10 - (3.1 + 2): 49 %.
    { name: 'kernels of 3.1 ms', given: evidence({ p50Ms: 10, engine: onGpu, device: device(3.1) }) },
  ],
  notChecked: [{ name: 'no clock of the device', given: evidence({ p50Ms: 10, engine: onGpu, device: device(null) }) }],
  doesNotApply: [{ name: 'on the CPU', given: evidence({ p50Ms: 10 }) }],
})
