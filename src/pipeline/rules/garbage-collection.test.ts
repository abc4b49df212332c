import { checkPipelineRule, examplePipeline, exampleStage } from '../check-pipeline-rule.ts'
import type { Language } from '../facts.ts'
import { garbageCollection } from './garbage-collection.ts'

/** A fifth of the time, in a stage that allocates this much. */
const allocating = (language: Language, allocatedBytes: number) =>
  examplePipeline({ language, stages: [exampleStage('preprocess', 10, { gcMs: 2, allocatedBytes })] })

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
    { name: 'more than 100,000 bytes of JavaScript', given: allocating('javascript', 103_000) },
    { name: 'more than 16,000 bytes of Python', given: allocating('python', 16_500) },
    { name: 'a little more than a tenth', given: examplePipeline({ whole: { gcMs: 1.04 } }) },
  ],
  clear: [
    { name: 'one in a hundred', given: examplePipeline({ whole: { gcMs: 0.1 } }) },
    { name: 'less than 100,000 bytes of JavaScript', given: allocating('javascript', 97_000) },
    { name: 'less than 16,000 bytes of Python', given: allocating('python', 15_500) },
    { name: 'a little less than a tenth', given: examplePipeline({ whole: { gcMs: 0.96 } }) },
  ],
  notChecked: [{ name: 'no collection was timed', given: examplePipeline({ stages: [] }) }],
})
