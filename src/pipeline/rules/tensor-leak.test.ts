import { checkPipelineRule, exampleLine, examplePattern, examplePipeline } from '../check-pipeline-rule.ts'
import { tensorLeak } from './tensor-leak.ts'

checkPipelineRule(tensorLeak, {
  found: [
    {
      name: 'a megabyte',
      given: examplePipeline({ whole: { leakBytesPerPrediction: 1e6 } }),
      expect: { detail: /leaves 1\.00 MB behind/ },
    },
    {
      name: 'at what is kept, then where it is hot',
      given: examplePipeline({
        whole: { leakBytesPerPrediction: 1e6 },
        lines: [exampleLine({ line: 11 })],
        patterns: [
          examplePattern({ pattern: 'kept-outside', line: 14 }),
          examplePattern({ pattern: 'kept-outside', line: 90, function: 'neverCalled' }),
        ],
      }),
      expect: {
        places: [14, 11, 1].map((line) => ({ file: 'app.mjs', line, function: 'preprocess' })),
      },
    },
    {
      name: 'three tensors',
      given: examplePipeline({ whole: { liveTensorsPerPrediction: 3 } }),
      expect: { detail: /leaves 3 tensors behind/ },
    },
    {
      name: 'at two of three that are kept, and the two hottest of three lines',
      given: examplePipeline({
        whole: { leakBytesPerPrediction: 1e6 },
        lines: [11, 12, 13].map((line) => exampleLine({ line })),
        patterns: [14, 15, 16].map((line) => examplePattern({ pattern: 'kept-outside', line })),
      }),
      expect: {
        places: [14, 15, 11, 12, 1].map((line) => ({ file: 'app.mjs', line, function: 'preprocess' })),
      },
    },
    // 16 KiB are 16,384.
    { name: 'a little more than 16 KiB', given: examplePipeline({ whole: { leakBytesPerPrediction: 17_000 } }) },
    {
      name: 'in more than half of the predictions one tensor',
      given: examplePipeline({ whole: { liveTensorsPerPrediction: 0.52 } }),
    },
  ],
  clear: [
    { name: 'a few bytes', given: examplePipeline({ whole: { leakBytesPerPrediction: 100 } }) },
    { name: 'a little less than 16 KiB', given: examplePipeline({ whole: { leakBytesPerPrediction: 15_800 } }) },
    {
      name: 'in less than half of the predictions one tensor',
      given: examplePipeline({ whole: { liveTensorsPerPrediction: 0.48 } }),
    },
  ],
  notChecked: [{ name: 'memory was not followed', given: examplePipeline({ whole: {} }) }],
})
