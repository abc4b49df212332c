import { block, checkRule, engine, evidence, latency, machine } from '../../../test/support/diagnose/check-rule.ts'
import { threadOversubscription } from './thread-oversubscription.ts'

const waiting = (p50Ms: number, waitAtMedianMs: number) => latency(p50Ms, { blocks: [block(p50Ms, { waitAtMedianMs })] })
const point = (at: number, p50Ms: number) => ({ at, p50Ms, ciLowMs: p50Ms * 0.99, ciHighMs: p50Ms * 1.01 })
const sweep = (...points: ReturnType<typeof point>[]) =>
  ({ dimension: 'threads', unit: 'threads', points, fit: null, current: 16 }) as const

checkRule(threadOversubscription, {
  found: [
    {
      // 48 ms over 16 threads: each waits 3
      name: 'waits removed, where no sweep was made',
      given: evidence({
        latency: waiting(10, 48),
        engine: engine({ threadsInUse: 16 }),
        machine: machine({ usableCpus: 2 }),
      }),
      expect: { timeMs: 3, wouldSaveMs: null, next: 'whyslow fix MODEL -o fast/', title: '16 threads share 2 CPUs' },
    },
    {
      // 16 threads on 2 CPUs run an eighth of the time each: at most seven eighths of 10 ms can be waiting
      name: 'waits bounded by the turns',
      given: evidence({
        latency: waiting(10, 200),
        engine: engine({ threadsInUse: 16 }),
        machine: machine({ usableCpus: 2 }),
      }),
      expect: { timeMs: 8.75, wouldSaveMs: null },
    },
    {
      // 4 instead of 16 in the sweep: three quarters of 10 ms
      name: 'the sweep, where there is one',
      given: evidence({
        latency: waiting(10, 0),
        engine: engine({ threadsInUse: 16 }),
        machine: machine({ usableCpus: 2 }),
        threadSweep: sweep(point(2, 4), point(16, 16)),
      }),
      expect: { wouldSaveMs: 7.5, basis: 'measured' },
    },
    {
      name: 'as a note, where the sweep shows no gain',
      given: evidence({
        latency: waiting(10, 0),
        engine: engine({ threadsInUse: 16 }),
        machine: machine({ usableCpus: 2 }),
        threadSweep: sweep(point(2, 16.1), point(16, 16)),
      }),
      expect: { wouldSaveMs: 0, detail: /Measured with 2, it is not faster/ },
    },
    {
      name: 'a quota below the threads',
      given: evidence({
        latency: waiting(10, 1),
        engine: engine({ threadsInUse: 4 }),
        machine: machine({ usableCpus: 8, quotaCpus: 1.5 }),
      }),
      expect: { detail: /quota of 1\.5 CPUs/ },
    },
  ],
  clear: [
    {
      name: 'as many threads as CPUs',
      given: evidence({ engine: engine({ threadsInUse: 2 }), machine: machine({ usableCpus: 2 }) }),
    },
    {
      name: 'one thread on half a CPU: there is nothing less',
      given: evidence({ engine: engine({ threadsInUse: 1 }), machine: machine({ usableCpus: 1, quotaCpus: 0.5 }) }),
    },
  ],
})
