import { checkRule, exampleLoop, examplePattern, examplePipeline, exampleSession } from '../../test/support/check-rule.ts'
import { sequentialCalls } from './sequential-calls.ts'

const one = { kind: 'ndarray', dtype: 'float32', shape: [1, 16], length: 16, bytes: 64, contiguous: true, device: null } as const
const given = (runsPerPrediction: number, inputs = [one]) =>
  examplePipeline({
    sessions: [exampleSession({ runsPerPrediction, runMs: 5, inputs })],
    patterns: [examplePattern({ pattern: 'predict-in-loop', line: 20, endLine: 20 })],
  })

checkRule(sequentialCalls, {
  found: [
    {
      name: 'sixty-four rows',
      given: given(64),
      expect: { timeMs: 5, wouldSaveMs: null, detail: /^64 predictions of one row each at app\.mjs:20/ },
    },
    {
      name: 'in a helper that a loop calls',
      given: examplePipeline({
        sessions: [
          exampleSession({
            runsPerPrediction: 5,
            ranThrough: [{ file: 'app.mjs', line: 30, function: 'predict' }],
            inputs: [one],
          }),
        ],
        loops: [exampleLoop({ line: 29, endLine: 31, tripsPerPrediction: 5 })],
      }),
      expect: {
        places: [
          { file: 'app.mjs', line: 30, function: 'predict' },
          { file: 'app.mjs', line: 20, function: 'predict' },
        ],
      },
    },
    { name: 'four rows', given: given(4), expect: { detail: /^4 predictions/ } },
    {
      name: 'eight that stand in no loop',
      given: examplePipeline({ sessions: [exampleSession({ runsPerPrediction: 8, inputs: [one] })] }),
      expect: { detail: /^8 predictions/ },
    },
  ],
  clear: [
    {
      name: 'together',
      given: examplePipeline({ sessions: [exampleSession({ runsPerPrediction: 9, concurrentRuns: 9, inputs: [one] })] }),
    },
    {
      name: 'five that stand in no loop',
      given: examplePipeline({ sessions: [exampleSession({ runsPerPrediction: 5, inputs: [one] })] }),
    },
    { name: 'once', given: given(1) },
    { name: 'batches', given: given(64, [{ ...one, shape: [32, 16] } as unknown as typeof one]) },
    { name: 'three rows', given: given(3) },
    {
      name: 'seven that stand in no loop',
      given: examplePipeline({ sessions: [exampleSession({ runsPerPrediction: 7, inputs: [one] })] }),
    },
  ],
})
