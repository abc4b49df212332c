import { checkRule, evidence } from '../../../test/support/diagnose/check-rule.ts'
import { featuresDominate } from './features-dominate.ts'

const ML = 'ai.onnx.ml'
const pipeline = (featuresMs: number, modelMs: number) =>
  evidence({
    p50Ms: 1,
    nodes: [
      { op: 'OneHotEncoder', domain: ML, timeMs: featuresMs, in: ['x'], out: ['columns'], floorMs: 0.1 },
      { op: 'LinearClassifier', domain: ML, timeMs: modelMs, in: ['columns'], out: ['label'] },
    ],
  })

checkRule(featuresDominate, {
  // 0.6 - 0.1 ms of moving the data.
  found: [
    {
      name: 'one-hot columns before a linear model',
      given: pipeline(0.6, 0.1),
      expect: { wouldSaveMs: null, nodes: ['OneHotEncoder_0'] },
    },
  ],
  clear: [{ name: 'the model takes longer', given: pipeline(0.2, 0.5) }],
  doesNotApply: [{ name: 'a network', given: evidence({ nodes: [{ op: 'Conv', timeMs: 5 }] }) }],
})
