import { checkRule, engine, evidence } from '../../../test/support/diagnose/check-rule.ts'
import { fallbackOperators } from './fallback-operators.ts'

const onGpu = engine({ id: 'ort-webgpu', device: 'NVIDIA T4', deviceKind: 'gpu' })
const node = (name: string, opType: string, timeMs: number) => ({ name, opType, timeMs })
const device = (workMs: number, backMs: number) => ({
  kernelsMs: 2,
  programs: [],
  uploadMs: 0,
  downloadMs: 0,
  nodes: {
    onDevice: 20,
    onCpu: [node('shape', 'Shape', 0.01), node('nms', 'NonMaxSuppression', workMs)],
    copies: [node('a', 'MemcpyToHost', 1), node('b', 'MemcpyFromHost', backMs)],
  },
})

checkRule(fallbackOperators, {
  found: [
    {
      // 0.01 + 2 of work and 0.5 for the copy back; the copy to the host waits for kernels that stay.
      name: 'a large operator in the middle',
      given: evidence({ p50Ms: 10, engine: onGpu, device: device(2, 0.5) }),
      expect: { timeMs: 2.51, wouldSaveMs: null, nodes: ['nms', 'shape'], detail: /NonMaxSuppression.*2 copies.*first\.$/ },
    },
    {
      name: 'the same, and the engine refuses to do without the CPU',
      given: evidence({ p50Ms: 10, engine: onGpu, device: { ...device(2, 0.5), needsCpu: true } }),
      expect: { timeMs: 2.51, detail: /refuses the model if the CPU may not help/ },
    },
  ],
  clear: [
    { name: 'operators on shapes alone', given: evidence({ p50Ms: 10, engine: onGpu, device: device(0.05, 0.05) }) },
    {
      name: 'an engine that names no nodes and needs no CPU',
      given: evidence({ p50Ms: 10, engine: onGpu, device: { ...device(2, 0.5), nodes: null, needsCpu: false } }),
    },
  ],
  notChecked: [
    {
      name: 'an engine that does not tell',
      given: evidence({ p50Ms: 10, engine: onGpu, device: { ...device(2, 0.5), nodes: null } }),
    },
    {
      name: 'an engine that needs the CPU and does not tell for what',
      given: evidence({ p50Ms: 10, engine: onGpu, device: { ...device(2, 0.5), nodes: null, needsCpu: true } }),
    },
  ],
  doesNotApply: [{ name: 'on the CPU all is at home', given: evidence({ p50Ms: 10 }) }],
})
