// Each thread of the pool bound to one CPU: caches stay warm, and no thread sits on the CPU of another. The engine does so by itself
// only where it chooses the number of threads. Its threads are all but the caller's, its CPUs are counted from 1.
// https://onnxruntime.ai/docs/performance/tune-performance/threading.html#set-intra-op-thread-affinity
import { defineRemedy } from '../kit/remedy.ts'
import { readsKeys, threadsOf, withOptions } from '../kit/session-options.ts'

const KEY = 'session.intra_op_thread_affinities'

export const threadAffinity = defineRemedy({
  id: 'thread-affinity',
  title: 'Bind each thread to a CPU of its own',
  treats: ['slow-thread-handoff', 'noisy-machine'],
  effect: 'exact',
  kind: 'settings',
  goals: ['latency', 'throughput'],
  apply(setup, evidence) {
    const threads = threadsOf(setup, evidence)
    if (threads < 2 || evidence.usableCpus <= threads || !readsKeys(evidence, [KEY])) return []
    // The first CPU is left to the caller, which the engine does not bind.
    const cpus = Array.from({ length: threads - 1 }, (_, i) => i + 2).join(';')
    if (setup.options.configEntries[KEY] === cpus) return []
    return [
      {
        variant: '',
        setup: withOptions(setup, { threads }, { [KEY]: cpus }),
        changes: [`${KEY} = ${cpus}: each of ${threads} threads on a CPU of its own`],
        predictedSavingMs: null,
      },
    ]
  },
})
