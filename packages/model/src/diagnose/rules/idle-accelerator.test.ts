import { checkRule, engine, evidence, machine } from '../../../test/support/diagnose/check-rule.ts'
import { idleAccelerator } from './idle-accelerator.ts'

const withGpu = machine({ accelerators: ['NVIDIA T4 (CUDA)'] })

const other = (ratio: number, ratioHigh: number) => ({
  id: 'ort-cuda',
  device: 'NVIDIA T4',
  software: false,
  p50Ms: 10 * ratio,
  ratio,
  ratioLow: ratio * 0.9,
  ratioHigh,
  rounds: 5,
})

checkRule(idleAccelerator, {
  found: [
    {
      name: 'a GPU beside a CPU prediction, as a note',
      given: evidence({ machine: withGpu }),
      expect: { wouldSaveMs: 0, basis: 'modelled', detail: /NVIDIA T4 \(CUDA\); ort-cpu ran on the CPU/ },
    },
    {
      // 10 ms * (1 - 0.4)
      name: 'a GPU that was measured faster',
      given: evidence({ p50Ms: 10, otherEngines: [other(0.4, 0.45)] }),
      expect: { wouldSaveMs: 6, basis: 'measured', detail: /ort-cuda on NVIDIA T4 takes 4\.00 ms, 40 %/ },
    },
  ],
  clear: [
    { name: 'a GPU that was measured slower', given: evidence({ machine: withGpu, p50Ms: 10, otherEngines: [other(1.4, 1.5)] }) },
    {
      name: 'a software adapter that is faster',
      given: evidence({ p50Ms: 10, otherEngines: [{ ...other(0.4, 0.45), software: true }] }),
    },
    { name: 'no accelerator', given: evidence() },
  ],
  doesNotApply: [{ name: 'a prediction on it', given: evidence({ machine: withGpu, engine: engine({ device: 'cuda' }) }) }],
})
