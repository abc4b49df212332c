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
  ],
  clear: [{ name: 'a few bytes', given: examplePipeline({ whole: { leakBytesPerPrediction: 100 } }) }],
  notChecked: [{ name: 'memory was not followed', given: examplePipeline({ whole: {} }) }],
})
