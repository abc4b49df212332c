// The engine keeps the memory of a prediction for the next one, in an arena that grows by doubling and never shrinks. Without it,
// memory comes from malloc each time: less is kept, and small models can be faster.
// https://onnxruntime.ai/docs/performance/tune-performance/memory.html
import { defineRemedy } from '../kit/remedy.ts'
import { proposeEntries } from '../kit/session-options.ts'

export const memoryArena = defineRemedy({
  id: 'memory-arena',
  title: 'Take memory from malloc instead of an arena',
  treats: ['paging'],
  effect: 'exact',
  kind: 'settings',
  goals: ['memory', 'load-time', 'latency', 'throughput'],
  apply: (setup, evidence) =>
    proposeEntries(setup, evidence, { 'session.enable_cpu_mem_arena': '0' }, { why: 'no arena, memory comes from malloc' }),
})
