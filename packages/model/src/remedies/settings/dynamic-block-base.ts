// How an operator's work is split over threads: into equal shares, or into blocks that get smaller towards the end, so that a thread
// which fell behind holds up the others by a small block only.
// https://onnxruntime.ai/docs/performance/tune-performance/threading.html
import { defineRemedy } from '../kit/remedy.ts'
import { proposeEntries, threadsOf } from '../kit/session-options.ts'

/** The value that the engine's documentation recommends. */
const BASE = '4'

export const dynamicBlockBase = defineRemedy({
  id: 'dynamic-block-base',
  title: 'Split work into blocks that get smaller',
  treats: ['noisy-machine', 'slow-thread-handoff', 'thread-oversubscription'],
  effect: 'exact',
  kind: 'settings',
  goals: ['latency', 'throughput'],
  apply(setup, evidence) {
    if (threadsOf(setup, evidence) < 2) return []
    return proposeEntries(
      setup,
      evidence,
      { 'session.dynamic_block_base': BASE },
      { why: 'work is split into blocks that get smaller towards the end' },
    )
  },
})
