import { checkPipelineRule, examplePipeline, exampleStage } from '../check-pipeline-rule.ts'
import { garbageCollection } from './garbage-collection.ts'

checkPipelineRule(garbageCollection, {
  found: [
    {
      name: 'a fifth of the time, most of it for one stage',
      given: examplePipeline({
        stages: [exampleStage('preprocess', 4, { gcMs: 2, allocatedBytes: 48e6 }), exampleStage('predict', 6, { gcMs: 0 })],
      }),
      // 0.7 × 2
      expect: { timeMs: 2, wouldSaveMs: 1.4, detail: /takes 2\.00 ms .* 20 % of it\. Most is allocated in preprocess: 48\.0 MB/ },
    },
    { name: '10.2 % of the time', given: examplePipeline({ whole: { gcMs: 1.02 } }), expect: { timeMs: 1.02 } },
  ],
  clear: [
    { name: 'one in a hundred', given: examplePipeline({ whole: { gcMs: 0.1 } }) },
    { name: '9.8 % of the time', given: examplePipeline({ whole: { gcMs: 0.98 } }) },
  ],
  notChecked: [{ name: 'no collection was timed', given: examplePipeline({ stages: [] }) }],
})
