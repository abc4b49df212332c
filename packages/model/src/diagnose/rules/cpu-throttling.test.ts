import { block, checkRule, engine, evidence, latency, machine } from '../../../test/support/diagnose/check-rule.ts'
import { cpuThrottling } from './cpu-throttling.ts'

const throttled = (throttledCpuMs: number) => latency(10, { blocks: [block(10, { throttledCpuMs })] })

checkRule(cpuThrottling, {
  found: [
    {
      // 60 ms of stops in 100 ms of one thread: 0.6 of 10 ms
      name: 'one thread stopped for 60 % of the time',
      given: evidence({
        latency: throttled(60),
        machine: machine({ usableCpus: 1, quotaCpus: 0.4 }),
        engine: engine({ threadsInUse: 1 }),
      }),
      expect: {
        timeMs: 6,
        wouldSaveMs: null,
        basis: 'modelled',
        next: 'whyslow fix MODEL -o fast/',
        detail: /quota of 0\.4 CPUs/,
      },
    },
    {
      // two threads stopped together count 120 ms of stops in 100 ms: 0.6 again
      name: 'stops of two CPUs counted once',
      given: evidence({
        latency: throttled(120),
        machine: machine({ onlineCpus: 8, quotaCpus: 1 }),
        engine: engine({ threadsInUse: 2 }),
      }),
      expect: { timeMs: 6, wouldSaveMs: null, next: 'whyslow MODEL --threads 1' },
    },
    {
      // 2.1 of 100 ms.
      name: 'stops of 2.1 %',
      given: evidence({ latency: throttled(2.1), engine: engine({ threadsInUse: 1 }) }),
      expect: { timeMs: 0.21, wouldSaveMs: null, detail: /up to a period \(100 ms as a rule\)/ },
    },
  ],
  clear: [
    { name: 'no stop under a quota', given: evidence({ machine: machine({ quotaCpus: 1 }) }) },
    { name: 'stops of 1 %', given: evidence({ latency: throttled(1), engine: engine({ threadsInUse: 1 }) }) },
    { name: 'stops of 1.9 %', given: evidence({ latency: throttled(1.9), engine: engine({ threadsInUse: 1 }) }) },
  ],
})
