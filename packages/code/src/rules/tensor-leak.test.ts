import { checkRule, exampleLine, examplePattern, examplePipeline } from '../../test/support/check-rule.ts'
import { tensorLeak } from './tensor-leak.ts'

checkRule(tensorLeak, {
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
      name: '16.7 kB',
      given: examplePipeline({ whole: { leakBytesPerPrediction: 16_700 } }),
      expect: { detail: /leaves 16\.7 kB behind/ },
    },
    {
      name: '51 tensors in a hundred predictions',
      given: examplePipeline({ whole: { liveTensorsPerPrediction: 0.51 } }),
      expect: { detail: /leaves 0\.51 tensors behind/ },
    },
    {
      name: 'two of each kind of place are named',
      given: examplePipeline({
        whole: { leakBytesPerPrediction: 1e6 },
        lines: [11, 12, 13].map((line) => exampleLine({ line })),
        patterns: [14, 15, 16].map((line) => examplePattern({ pattern: 'kept-outside', line })),
      }),
      expect: { places: [14, 15, 11, 12, 1].map((line) => ({ file: 'app.mjs', line, function: 'preprocess' })) },
    },
  ],
  clear: [
    { name: 'a few bytes', given: examplePipeline({ whole: { leakBytesPerPrediction: 100 } }) },
    { name: '16.0 kB', given: examplePipeline({ whole: { leakBytesPerPrediction: 16_000 } }) },
    { name: '49 tensors in a hundred predictions', given: examplePipeline({ whole: { liveTensorsPerPrediction: 0.49 } }) },
  ],
  notChecked: [{ name: 'memory was not followed', given: examplePipeline({ whole: {} }) }],
})
