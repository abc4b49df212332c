import { checkRule, engine, evidence } from '../../../test/support/diagnose/check-rule.ts'
import { undisposedTensors } from './undisposed-tensors.ts'

const tfjs = engine({ id: 'tfjs-cpu', offers: ['tensors-by-hand'] })
const left = (othersLeft: number) => ({ callMs: 0.1, outputsLeft: 2, othersLeft, othersLeftBytes: 400 * othersLeft })

checkRule(undisposedTensors, {
  found: [
    {
      name: 'five tensors of each prediction',
      given: evidence({ engine: tfjs, observed: left(5) }),
      expect: { wouldSaveMs: 0, timeMs: 0, detail: /leaves 5 tensors alive \(2\.00 kB\) in addition to the 2 outputs/ },
    },
    {
      name: 'one tensor of each prediction',
      given: evidence({ engine: tfjs, observed: left(1) }),
      expect: { detail: /leaves 1 tensor alive/ },
    },
  ],
  clear: [
    { name: 'nothing in addition to the outputs', given: evidence({ engine: tfjs, observed: left(0) }) },
    { name: 'one in three predictions', given: evidence({ engine: tfjs, observed: left(1 / 3) }) },
    { name: 'two in three predictions', given: evidence({ engine: tfjs, observed: left(2 / 3) }) },
  ],
  notChecked: [{ name: 'they were not counted', given: evidence({ engine: tfjs }) }],
  doesNotApply: [{ name: 'an engine that frees its tensors itself', given: evidence({ observed: left(5) }) }],
})
