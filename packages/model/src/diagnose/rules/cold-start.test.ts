import { checkRule, evidence, latency } from '../../../test/support/diagnose/check-rule.ts'
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
    { name: 'a first prediction of 5.1 times the p50', given: evidence({ latency: latency(100, { firstMs: 510 }) }) },
    { name: 'a first prediction 102 ms above the p50', given: evidence({ latency: latency(10, { firstMs: 112 }) }) },
    { name: 'a load of 510 ms', given: evidence({ latency: latency(1, { loadMs: 510 }) }) },
    { name: 'a load worth 102 predictions', given: evidence({ latency: latency(10, { loadMs: 1020 }) }) },
  ],
  clear: [
    { name: 'a first prediction of 4 times the p50', given: evidence({ latency: latency(100, { firstMs: 400 }) }) },
    { name: '20 times, but nobody would notice', given: evidence({ latency: latency(1, { firstMs: 20 }) }) },
    { name: 'a long load of a slow model', given: evidence({ latency: latency(100, { loadMs: 900 }) }) },
    { name: 'a short load of a fast model', given: evidence({ latency: latency(0.1, { loadMs: 90 }) }) },
    { name: 'a first prediction of 4.9 times the p50', given: evidence({ latency: latency(100, { firstMs: 490 }) }) },
    { name: 'a first prediction 98 ms above the p50', given: evidence({ latency: latency(10, { firstMs: 108 }) }) },
    { name: 'a load of 490 ms', given: evidence({ latency: latency(1, { loadMs: 490 }) }) },
    { name: 'a load worth 98 predictions', given: evidence({ latency: latency(10, { loadMs: 980 }) }) },
  ],
})
