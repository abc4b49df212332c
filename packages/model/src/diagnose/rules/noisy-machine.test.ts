import { block, checkRule, engine, evidence, latency, machine } from '../../../test/support/diagnose/check-rule.ts'
import { noisyMachine } from './noisy-machine.ts'

const samplesMs = [4, 9, 10, 11, 16]
const disturbed = (given: Parameters<typeof block>[1]) => latency(10, { blocks: [block(10, { samplesMs, ...given })] })
const crowded = { engine: engine({ threadsInUse: 16 }), machine: machine({ usableCpus: 2, onlineCpus: 2 }) }

checkRule(noisyMachine, {
  found: [
    {
      // 12 ms over 4 threads: each waits 3
      name: 'waits that reach the median',
      given: evidence({ latency: disturbed({ waitedMs: 40, waitAtMedianMs: 12, involuntarySwitches: 22 }) }),
      expect: {
        wouldSaveMs: 3,
        basis: 'measured',
        detail: /waited 40\.0 ms for a CPU in 100 ms \(10 % of each thread's time\).*22 times/,
      },
    },
    {
      // the fastest sample, 4 ms, bounds what 10 ms can lose
      name: 'waits bounded by the fastest sample',
      given: evidence({ latency: disturbed({ waitedMs: 200, waitAtMedianMs: 40 }) }),
      expect: { wouldSaveMs: 6, basis: 'measured' },
    },
    {
      // 40 ms over 4 threads and 5 predictions: 2 ms each, of which the p50 has no part.
      name: 'waits that the median does not show, on average: a note',
      given: evidence({ latency: disturbed({ waitedMs: 40, waitAtMedianMs: 0 }) }),
      expect: {
        ...{ timeMs: 0, wouldSaveMs: 0, basis: 'modelled' },
        detail: /near the median show no wait of their own: on average each waited 2\.00 ms, most of it in the tail/,
      },
    },
    {
      // Of a prediction of 0.5 ms nobody looks at each.
      name: 'waits of predictions that are too short to watch each',
      given: evidence({
        latency: latency(0.5, { blocks: [block(0.5, { samplesMs: [0.4, 0.5, 0.6, 0.5, 0.5], waitedMs: 40 })] }),
      }),
      expect: { timeMs: 0, wouldSaveMs: 0, detail: /this short are not watched one by one: on average each waited 2\.00 ms\.$/ },
    },
    {
      // 20 ms stolen of 100 ms on 4 CPUs: 5 %
      name: 'steal',
      given: evidence({ latency: disturbed({ stolenCpuMs: 20 }) }),
      expect: { wouldSaveMs: 0, detail: /kept back 5 % of the CPU time/ },
    },
    {
      name: "steal beside the process's own waits",
      given: evidence({ latency: disturbed({ stolenCpuMs: 20, waitedMs: 400, waitAtMedianMs: 5 }), ...crowded }),
      expect: { wouldSaveMs: 0 },
    },
    {
      // 20.4 ms over 4 threads in 100 ms: 5.1 % of 10 ms.
      name: 'waits of 5.1 %',
      given: evidence({ latency: disturbed({ waitedMs: 20.4 }) }),
      expect: { timeMs: 0, wouldSaveMs: 0, detail: /on average each waited 1\.02 ms/ },
    },
    // 8.2 ms over 4 CPUs in 100 ms.
    { name: 'steal of 2.05 %', given: evidence({ latency: disturbed({ stolenCpuMs: 8.2 }) }) },
    // 3.92 ms over 4 threads in 100 ms; 12.5 % waited.
    {
      name: 'waits, and a quota that stops it for 0.98 % of the time',
      given: evidence({ latency: disturbed({ waitedMs: 50, throttledCpuMs: 3.92 }) }),
      expect: { timeMs: 0, wouldSaveMs: 0 },
    },
  ],
  clear: [
    { name: 'a quiet machine', given: evidence() },
    { name: 'waits of 4 %', given: evidence({ latency: disturbed({ waitedMs: 4, waitAtMedianMs: 0.4 }) }) },
    { name: 'steal of 1 %', given: evidence({ latency: disturbed({ stolenCpuMs: 4 }) }) },
    { name: 'waits of 4.9 %', given: evidence({ latency: disturbed({ waitedMs: 19.6 }) }) },
    { name: 'steal of 1.95 %', given: evidence({ latency: disturbed({ stolenCpuMs: 7.8 }) }) },
  ],
  notChecked: [
    { name: 'more threads than CPUs', given: evidence({ latency: disturbed({ waitedMs: 900 }), ...crowded }) },
    { name: 'a quota that stops it', given: evidence({ latency: disturbed({ waitedMs: 50, throttledCpuMs: 50 }) }) },
    // 4.08 ms over 4 threads in 100 ms.
    {
      name: 'a quota that stops it for 1.02 % of the time',
      given: evidence({ latency: disturbed({ waitedMs: 50, throttledCpuMs: 4.08 }) }),
    },
  ],
})
