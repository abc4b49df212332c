import { checkRule, engine, evidence, machine } from '../check-rule.ts'
import { idleAccelerator } from './idle-accelerator.ts'

const withGpu = machine({ accelerators: ['NVIDIA T4 (CUDA)'] })

checkRule(idleAccelerator, {
  found: [
    {
      name: 'a GPU beside a CPU prediction, as a note',
      given: evidence({ machine: withGpu }),
      expect: { wouldSaveMs: 0, basis: 'modelled', detail: /NVIDIA T4 \(CUDA\); ort-cpu ran on the CPU/ },
    },
  ],
  clear: [
    { name: 'no accelerator', given: evidence() },
    { name: 'a prediction on it', given: evidence({ machine: withGpu, engine: engine({ device: 'cuda' }) }) },
  ],
})
