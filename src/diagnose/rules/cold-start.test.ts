import { checkRule, evidence, latency } from '../check-rule.ts'
import { coldStart } from './cold-start.ts'

checkRule(coldStart, {
  found: [
    {
      name: 'a first prediction of 50 times the p50, as a note',
      given: evidence({ latency: latency(10, { firstMs: 500 }) }),
      expect: { wouldSaveMs: 0, timeMs: 0, detail: /first prediction 500 ms, against 10\.0 ms once warm/ },
    },
    {
      name: 'a load of 2 s',
      given: evidence({ latency: latency(10, { loadMs: 2000 }) }),
      expect: { detail: /Loading takes 2\.00 s/ },
    },
  ],
  clear: [
    { name: 'a first prediction of 4 times the p50', given: evidence({ latency: latency(100, { firstMs: 400 }) }) },
    { name: '20 times, but nobody would notice', given: evidence({ latency: latency(1, { firstMs: 20 }) }) },
    { name: 'a long load of a slow model', given: evidence({ latency: latency(100, { loadMs: 900 }) }) },
    { name: 'a short load of a fast model', given: evidence({ latency: latency(0.1, { loadMs: 90 }) }) },
  ],
})
