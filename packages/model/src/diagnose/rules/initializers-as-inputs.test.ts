import type { Experiment } from '@whyslow/measure/timing/types.ts'
import { checkRule, evidence } from '../../../test/support/diagnose/check-rule.ts'
import { initializersAsInputs } from './initializers-as-inputs.ts'

const nodes = [{ op: 'Conv', timeMs: 4, in: ['x', 'w'] }]
const listed = { w: { isGraphInput: true } }
const experiment = (ratio: number): Experiment => ({
  id: 'initializers-as-inputs',
  baseMs: 4,
  changedMs: 4 * ratio,
  ratio,
  ratioLow: ratio - 0.02,
  ratioHigh: ratio + 0.02,
  pairs: 6,
  detail: '',
})
const ofVersion = (irVersion: number) => ({ ...evidence().model!, irVersion })

checkRule(initializersAsInputs, {
  found: [
    {
      // 2.5 times faster: 4 ms x (1 - 0.4) = 2.4 ms.
      name: 'measured to be slower',
      given: evidence({ p50Ms: 4, nodes, constants: listed, experiments: [experiment(0.4)] }),
      expect: { wouldSaveMs: 2.4, basis: 'measured', detail: /1 initializer is listed/ },
    },
    {
      name: 'not measured: what reads them takes long, and nobody knows what of it can be saved',
      given: evidence({ nodes: [...nodes, { op: 'Relu', timeMs: 2 }], constants: listed }),
      expect: { timeMs: 4, wouldSaveMs: null, savingUnknown: /not timed with the list cleared/, nodes: ['Conv_0'] },
    },
    {
      name: 'not measured, and read by what takes no time: a note',
      given: evidence({ p50Ms: 200, nodes, constants: listed }),
      expect: { timeMs: 0, wouldSaveMs: 0 },
    },
    {
      name: 'IR 4, the first in which a caller may replace them',
      given: evidence({ nodes, constants: listed, model: ofVersion(4) }),
      expect: { wouldSaveMs: null },
    },
  ],
  clear: [
    { name: 'constants of their own', given: evidence({ nodes, constants: { w: {} } }) },
    { name: 'measured, no difference', given: evidence({ nodes, constants: listed, experiments: [experiment(1)] }) },
    { name: 'IR 3, where they are constants all the same', given: evidence({ nodes, constants: listed, model: ofVersion(3) }) },
  ],
})
