import { checkRule, engine, evidence, latency } from '../../../test/support/diagnose/check-rule.ts'
import { predictCallOverhead } from './predict-call-overhead.ts'

const tfjs = engine({ id: 'tfjs-cpu', offers: ['tensors-by-hand'] })
const call = (callMs: number, p50Ms: number, callLowMs = callMs, operatorsMs = 0) =>
  evidence({
    engine: tfjs,
    latency: latency(p50Ms),
    p50Ms,
    nodes: operatorsMs === 0 ? [] : [{ op: 'Conv', timeMs: operatorsMs }],
    observed: { callMs, callLowMs, outputsLeft: 1, othersLeft: 0, othersLeftBytes: 0 },
  })

checkRule(predictCallOverhead, {
  found: [
    { name: 'half of a small model', given: call(0.1, 0.2), expect: { timeMs: 0.1, wouldSaveMs: 0.1, basis: 'modelled' } },
    { name: 'never more than the prediction', given: call(0.3, 0.2), expect: { timeMs: 0.2, wouldSaveMs: 0.2 } },
    { name: 'disturbed calls: the low end counts', given: call(0.3, 0.2, 0.05), expect: { timeMs: 0.05, wouldSaveMs: 0.05 } },
    { name: 'no more than the kernels leave', given: call(0.15, 0.25, 0.15, 0.1875), expect: { wouldSaveMs: 0.0625 } },
    { name: '10.2 % of the prediction', given: call(0.102, 1), expect: { wouldSaveMs: 0.102 } },
  ],
  clear: [
    { name: 'a hundredth of a large one', given: call(0.1, 10) },
    { name: 'kernels that take nearly all of it', given: call(0.1, 0.2, 0.1, 0.19) },
    { name: '9.8 % of the prediction', given: call(0.098, 1) },
  ],
  notChecked: [{ name: 'it was not timed', given: evidence({ engine: tfjs, p50Ms: 1 }) }],
  doesNotApply: [{ name: 'another engine', given: evidence({ p50Ms: 1 }) }],
})
