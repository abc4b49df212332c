// After a first prediction of some input shapes, the engine takes the memory of a whole prediction of those shapes in one piece. It
// saves small allocations, and costs one large one and its bookkeeping at every prediction.
// https://onnxruntime.ai/docs/performance/tune-performance/memory.html
import { defineRemedy } from '../kit/remedy.ts'
import { proposeEntries } from '../kit/session-options.ts'

export const memoryPattern = defineRemedy({
  id: 'memory-pattern',
  title: 'Take memory operator by operator instead of in one piece',
  treats: ['paging'],
  effect: 'exact',
  kind: 'settings',
  goals: ['latency', 'throughput', 'memory'],
  apply(setup, evidence) {
    // Nodes that run side by side have no plan of memory: the engine turns it off by itself.
    if (setup.options.executionMode === 'parallel') return []
    return proposeEntries(setup, evidence, { 'session.enable_mem_pattern': '0' }, { why: 'memory is taken operator by operator' })
  },
})
