import { checkRule, engine, evidence } from '../check-rule.ts'
import { transferBound } from './transfer-bound.ts'

const onGpu = engine({ id: 'ort-webgpu', device: 'NVIDIA T4', deviceKind: 'gpu' })
const software = engine({ id: 'ort-webgpu', device: 'SwiftShader', deviceKind: 'software-gpu' })
const device = (uploadMs: number, downloadMs: number) => ({ kernelsMs: 2, programs: [], uploadMs, downloadMs, nodes: null })

checkRule(transferBound, {
  found: [
    {
      name: 'uploads and downloads of 3 + 1 of 10 ms',
      given: evidence({ p50Ms: 10, engine: onGpu, device: device(3, 1) }),
      expect: { timeMs: 4, wouldSaveMs: 4, basis: 'modelled', detail: /3 ms to the device and the outputs 1 ms back: 40 %/ },
    },
    {
      name: 'never more than the prediction',
      given: evidence({ p50Ms: 10, engine: onGpu, device: device(30, 1) }),
      expect: { timeMs: 10, wouldSaveMs: 10 },
    },
  ],
  clear: [
    { name: 'a fifth of the prediction', given: evidence({ p50Ms: 10, engine: onGpu, device: device(1, 1) }) },
    { name: 'on the CPU nothing travels', given: evidence({ p50Ms: 10 }) },
  ],
  notChecked: [
    { name: 'a software adapter', given: evidence({ p50Ms: 10, engine: software, device: device(5, 5) }) },
    { name: 'a device that was not watched', given: evidence({ p50Ms: 10, engine: onGpu }) },
  ],
})
