import type { Experiment } from '@whyslow/measure/timing/types.ts'
import { checkRule, engine, evidence } from '../../../test/support/diagnose/check-rule.ts'
import { graphOptimizationOff } from './graph-optimization-off.ts'

const off = engine({ options: { graphOptimization: 'disabled' } })
const experiment = (ratio: number): Experiment => ({
  id: 'graph-optimization',
  baseMs: 4,
  changedMs: 4 * ratio,
  ratio,
  ratioLow: ratio - 0.02,
  ratioHigh: ratio + 0.02,
  pairs: 6,
  detail: '',
})

checkRule(graphOptimizationOff, {
  found: [
    {
      // Ratio 0.4 of the 5 ms p50: 3 ms saved.
      name: 'switched off, measured',
      given: evidence({ p50Ms: 5, engine: off, experiments: [experiment(0.4)] }),
      expect: { wouldSaveMs: 3, basis: 'measured', next: 'whyslow MODEL --graph-optimization all' },
    },
    {
      name: 'switched off, not measured: a note',
      given: evidence({ engine: off }),
      expect: { wouldSaveMs: 0, detail: /not measured/ },
    },
  ],
  clear: [
    { name: 'all of it', given: evidence({ experiments: [experiment(0.4)] }) },
    { name: 'no detectable difference', given: evidence({ engine: off, experiments: [experiment(0.99)] }) },
    { name: 'faster without', given: evidence({ engine: off, experiments: [experiment(1.2)] }) },
  ],
  notChecked: [
    { name: 'an interval too wide', given: evidence({ engine: off, experiments: [{ ...experiment(0.7), ratioHigh: 1.3 }] }) },
  ],
})
