// The machine has a device that the engine could use and the prediction ran on the CPU. Whether it is faster depends on the model:
// transfers and kernel starts cost small models more than they save. So it is a note until it is measured.
import { defineRule } from '../rule.ts'

export const idleAccelerator = defineRule({
  id: 'idle-accelerator',
  area: 'hardware',
  title: 'An accelerator is idle while the CPU predicts',
  needs: ['machine', 'engine', 'latency'],
  check({ machine, engine, latency }) {
    if (machine.accelerators.length === 0 || !/^cpu\b/i.test(engine.device)) return 'clear'
    return {
      found: {
        detail:
          `An installed engine can see ${machine.accelerators.join(', ')}; ${engine.id} ran on the CPU. ` +
          'What it would save was not measured.',
        timeMs: latency.p50Ms,
        wouldSaveMs: 0,
        basis: 'modelled',
        nodes: [],
        next: 'whyslow machine',
      },
    }
  },
})
