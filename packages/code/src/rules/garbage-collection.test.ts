import { checkRule, examplePipeline, exampleStage } from '../../test/support/check-rule.ts'
import type { Language } from '../facts.ts'
import { garbageCollection } from './garbage-collection.ts'

const allocating = (language: Language, allocatedBytes: number) =>
  examplePipeline({ language, stages: [exampleStage('predict', 10, { gcMs: 2, allocatedBytes })] })

checkRule(garbageCollection, {
  found: [
    {
      name: 'a fifth of the time, most of it for one stage',
      given: examplePipeline({
        stages: [exampleStage('preprocess', 4, { gcMs: 2, allocatedBytes: 48e6 }), exampleStage('predict', 6, { gcMs: 0 })],
      }),
      // 0.7 × 2
      expect: {
        timeMs: 2,
        wouldSaveMs: null,
        detail: /takes 2\.00 ms .* 20 % of it\. Most is allocated in preprocess: 48\.0 MB/,
      },
    },
    { name: '10.2 % of the time', given: examplePipeline({ whole: { gcMs: 1.02 } }), expect: { timeMs: 1.02 } },
    { name: '102 kB a prediction, in JavaScript', given: allocating('javascript', 102_000), expect: { timeMs: 2 } },
    { name: '16.3 kB a prediction, in Python', given: allocating('python', 16_300), expect: { timeMs: 2 } },
  ],
  clear: [
    { name: 'one in a hundred', given: examplePipeline({ whole: { gcMs: 0.1 } }) },
    { name: '9.8 % of the time', given: examplePipeline({ whole: { gcMs: 0.98 } }) },
    { name: '98 kB a prediction, in JavaScript', given: allocating('javascript', 98_000) },
    { name: '15.7 kB a prediction, in Python', given: allocating('python', 15_700) },
  ],
  notChecked: [{ name: 'no collection was timed', given: examplePipeline({ stages: [] }) }],
})
