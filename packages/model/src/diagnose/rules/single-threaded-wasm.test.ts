import { checkRule, engine, evidence, machine } from '../../../test/support/diagnose/check-rule.ts'
import { singleThreadedWasm } from './single-threaded-wasm.ts'

const wasm = engine({ id: 'browser-wasm', offers: ['webassembly', 'page'], device: 'cpu', deviceKind: 'cpu', threadsInUse: 1 })
const sweep = (twoMs: number) => ({
  dimension: 'threads',
  unit: 'threads',
  current: 1,
  fit: null,
  points: [
    { at: 1, p50Ms: 10, ciLowMs: 9.8, ciHighMs: 10.2 },
    { at: 2, p50Ms: twoMs, ciLowMs: twoMs * 0.98, ciHighMs: twoMs * 1.02 },
  ],
})

checkRule(singleThreadedWasm, {
  found: [
    {
      // 12 ms * (1 - 6 / 10)
      name: 'two threads that take 0.6 of the time',
      given: evidence({ p50Ms: 12, engine: wasm, threadSweep: sweep(6) }),
      expect: {
        timeMs: 12,
        wouldSaveMs: 4.8,
        basis: 'measured',
        next: 'whyslow MODEL --engine browser-wasm --threads 2',
        detail: /COOP/,
      },
    },
  ],
  clear: [
    { name: 'two threads that are no faster', given: evidence({ p50Ms: 12, engine: wasm, threadSweep: sweep(9.9) }) },
    { name: 'a machine with one CPU', given: evidence({ p50Ms: 12, engine: wasm, machine: machine({ usableCpus: 1 }) }) },
    { name: 'two threads in use', given: evidence({ p50Ms: 12, engine: { ...wasm, threadsInUse: 2 } }) },
  ],
  notChecked: [{ name: 'no sweep', given: evidence({ p50Ms: 12, engine: wasm }) }],
  doesNotApply: [{ name: 'the native engine', given: evidence({ p50Ms: 12, engine: engine({ threadsInUse: 1 }) }) }],
})
