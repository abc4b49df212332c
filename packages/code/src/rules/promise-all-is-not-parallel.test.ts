import { checkRule, examplePattern, examplePipeline, exampleSession } from '../../test/support/check-rule.ts'
import { promiseAllIsNotParallel } from './promise-all-is-not-parallel.ts'

const patterns = [examplePattern({ pattern: 'promise-all', line: 20, endLine: 20, function: 'predict' })]

checkRule(promiseAllIsNotParallel, {
  found: [
    {
      name: 'four runs at once',
      given: examplePipeline({ patterns, sessions: [exampleSession({ concurrentRuns: 4, runsPerPrediction: 4, runMs: 20 })] }),
      // 20 / 2.5, of which two fifths.
      expect: { timeMs: 8, wouldSaveMs: null, places: [{ file: 'app.mjs', line: 20, function: 'predict' }] },
    },
    {
      // 6 / 1.5, of which two fifths.
      name: 'two runs at once',
      given: examplePipeline({ patterns, sessions: [exampleSession({ concurrentRuns: 2, runsPerPrediction: 2, runMs: 6 })] }),
      expect: { timeMs: 4, wouldSaveMs: null },
    },
  ],
  clear: [
    { name: 'one run', given: examplePipeline({ patterns, sessions: [exampleSession()] }) },
    {
      name: 'started together elsewhere',
      given: examplePipeline({ sessions: [exampleSession({ concurrentRuns: 4, runsPerPrediction: 4 })] }),
    },
  ],
})
