import type { Experiment } from '@whyslow/measure/timing/types.ts'
import { checkRule, evidence } from '../../../test/support/diagnose/check-rule.ts'
import { denormals } from './denormals.ts'

const weights = (subnormalShare: number) => ({
  w: { statistics: { min: -1, max: 1, subnormalShare, zeroShare: 0, nanCount: 0 } },
})
const experiment = (ratio: number, ratioLow: number, ratioHigh: number): Experiment => ({
  id: 'denormals',
  baseMs: 8,
  changedMs: 8 * ratio,
  ratio,
  ratioLow,
  ratioHigh,
  pairs: 6,
  detail: '',
})

checkRule(denormals, {
  found: [
    {
      // a quarter of the latency in the experiment: three quarters of 10 ms
      name: 'an experiment that is faster',
      given: evidence({ p50Ms: 10, constants: weights(0.5), experiments: [experiment(0.25, 0.2, 0.3)] }),
      expect: {
        wouldSaveMs: 7.5,
        basis: 'measured',
        detail: /2\.00 ms instead of 8\.00 ms.*50 % of the numbers in 'w'/,
        next: 'whyslow fix MODEL -o fast/',
      },
    },
    {
      name: 'subnormal weights without an experiment, as a note',
      given: evidence({ constants: weights(0.02) }),
      expect: { wouldSaveMs: 0, detail: /2 % of the numbers in 'w' are subnormal/ },
    },
    {
      name: '1.05 subnormal weights in a thousand, as a note',
      given: evidence({ constants: weights(0.00105) }),
      expect: { wouldSaveMs: 0 },
    },
  ],
  clear: [
    {
      name: 'subnormal weights that this CPU does not mind',
      given: evidence({ constants: weights(0.5), experiments: [experiment(0.99, 0.95, 1.03)] }),
    },
  ],
  notChecked: [
    { name: 'clean weights and no experiment', given: evidence({ constants: weights(0) }) },
    {
      name: 'other experiments only',
      given: evidence({ experiments: [{ ...experiment(0.2, 0.1, 0.3), id: 'graph-optimization' }] }),
    },
    { name: '0.95 subnormal weights in a thousand', given: evidence({ constants: weights(0.00095) }) },
  ],
})
