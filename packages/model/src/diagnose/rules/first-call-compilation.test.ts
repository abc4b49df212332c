import { block, checkRule, engine, evidence, latency } from '../../../test/support/diagnose/check-rule.ts'
import { firstCallCompilation } from './first-call-compilation.ts'

const tfjs = engine({ id: 'tfjs-wasm', offers: ['compiled-while-running'] })
const first = (firstMs: number, p50Ms: number) =>
  latency(p50Ms, { firstMs, blocks: [block(p50Ms, { firstMs, warmupMs: 4 * p50Ms, warmupRuns: 2 })] })

checkRule(firstCallCompilation, {
  found: [
    {
      name: 'a first prediction of 1400 ms before ones of 600',
      given: evidence({ engine: tfjs, latency: first(1400, 600) }),
      expect: {
        wouldSaveMs: 0,
        timeMs: 0,
        basis: 'measured',
        detail: /the next 2 predictions 1\.20 s on average, and 600 ms once warm/,
      },
    },
    { name: 'a first prediction 102 ms above the p50', given: evidence({ engine: tfjs, latency: first(112, 10) }) },
    { name: '1.52 times a slow model', given: evidence({ engine: tfjs, latency: first(1520, 1000) }) },
  ],
  clear: [
    { name: '80 ms, which nobody notices', given: evidence({ engine: tfjs, latency: first(80, 5) }) },
    { name: 'a third more of a slow model', given: evidence({ engine: tfjs, latency: first(4000, 3000) }) },
    { name: 'a first prediction 98 ms above the p50', given: evidence({ engine: tfjs, latency: first(108, 10) }) },
    { name: '1.48 times a slow model', given: evidence({ engine: tfjs, latency: first(1480, 1000) }) },
  ],
  doesNotApply: [{ name: 'an engine that is compiled ahead', given: evidence({ latency: first(1400, 600) }) }],
})
