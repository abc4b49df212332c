import { checkRule, engine, evidence } from '../../../test/support/diagnose/check-rule.ts'
import { transferBound } from './transfer-bound.ts'

const onGpu = engine({ id: 'ort-webgpu', device: 'NVIDIA T4', deviceKind: 'gpu' })
const software = engine({ id: 'ort-webgpu', device: 'SwiftShader', deviceKind: 'software-gpu' })
const device = (uploadMs: number, downloadMs: number) => ({ kernelsMs: 2, programs: [], uploadMs, downloadMs, nodes: null })
const bound = (ratio: number) => ({
  copiedMs: 10,
  boundMs: 10 * ratio,
  ratio,
  ratioLow: ratio - 0.05,
  ratioHigh: ratio + 0.05,
  rounds: 8,
})

checkRule(transferBound, {
  found: [
    {
      name: 'uploads and downloads of 3 + 1 of 10 ms',
      given: evidence({ p50Ms: 10, engine: onGpu, device: device(3, 1) }),
      expect: {
        timeMs: 4,
        wouldSaveMs: null,
        basis: 'modelled',
        detail: /3\.00 ms to the device and the outputs 1\.00 ms back: 40 %/,
      },
    },
    {
      name: 'never more than the prediction',
      given: evidence({ p50Ms: 10, engine: onGpu, device: device(30, 1) }),
      expect: { timeMs: 10, wouldSaveMs: null },
    },
    {
      // 10 ms × (1 − 0.6), whatever the copies took alone.
      name: 'a prediction that takes 60 % with tensors kept on the device',
      given: evidence({ p50Ms: 10, engine: onGpu, device: { ...device(1, 1), bound: bound(0.6) } }),
      expect: {
        timeMs: 4,
        wouldSaveMs: 4,
        basis: 'measured',
        detail: /6\.00 ms instead of 10\.0 ms, 60 % of the time \(55 % to 65 % over 8 rounds/,
      },
    },
    {
      name: 'copies of 25.5 %',
      given: evidence({ p50Ms: 10, engine: onGpu, device: device(2, 0.55) }),
      expect: { timeMs: 2.55, wouldSaveMs: null },
    },
    {
      name: 'kept on the device it takes 74.5 %',
      given: evidence({ p50Ms: 10, engine: onGpu, device: { ...device(3, 1), bound: bound(0.745) } }),
      expect: { wouldSaveMs: 2.55 },
    },
  ],
  clear: [
    {
      name: 'copies that run beside the kernels: kept on the device it takes 90 %',
      given: evidence({ p50Ms: 10, engine: onGpu, device: { ...device(3, 1), bound: bound(0.9) } }),
    },
    {
      name: 'an interval that holds 1',
      given: evidence({ p50Ms: 10, engine: onGpu, device: { ...device(3, 1), bound: { ...bound(0.7), ratioHigh: 1.1 } } }),
    },
    { name: 'a fifth of the prediction', given: evidence({ p50Ms: 10, engine: onGpu, device: device(1, 1) }) },
    { name: 'copies of 24.5 %', given: evidence({ p50Ms: 10, engine: onGpu, device: device(2, 0.45) }) },
    {
      name: 'kept on the device it takes 75.5 %',
      given: evidence({ p50Ms: 10, engine: onGpu, device: { ...device(3, 1), bound: bound(0.755) } }),
    },
  ],
  notChecked: [
    { name: 'a software adapter', given: evidence({ p50Ms: 10, engine: software, device: device(5, 5) }) },
    { name: 'a device that was not watched', given: evidence({ p50Ms: 10, engine: onGpu }) },
  ],
  doesNotApply: [{ name: 'on the CPU nothing travels', given: evidence({ p50Ms: 10 }) }],
})
