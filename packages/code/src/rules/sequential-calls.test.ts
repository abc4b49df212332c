import { checkRule, exampleLoop, examplePattern, examplePipeline, exampleSession } from '../../test/support/check-rule.ts'
import type { PipelineEvidence } from '../evidence.ts'
import type { AlternativeFact } from '../facts.ts'
import { sequentialCalls } from './sequential-calls.ts'

const one = { kind: 'ndarray', dtype: 'float32', shape: [1, 16], length: 16, bytes: 64, contiguous: true, device: null } as const
const given = (runsPerPrediction: number, inputs = [one]) =>
  examplePipeline({
    sessions: [exampleSession({ runsPerPrediction, runMs: 5, inputs })],
    patterns: [examplePattern({ pattern: 'predict-in-loop', line: 20, endLine: 20 })],
  })

const inThreads = (runsPerPrediction: number): PipelineEvidence => ({
  ...given(0),
  language: 'python',
  sessions: [exampleSession({ runsPerPrediction, concurrentRuns: 2, inputs: [one] })],
})

const tried = (equal: AlternativeFact['equal'], ratios: readonly [number, number, number]): PipelineEvidence => ({
  ...given(64),
  alternatives: [
    {
      ...{
        file: 'app.mjs',
        line: 20,
        function: 'predict',
        rule: 'sequential-calls',
        now: 'one by one',
        instead: 'as one batch',
        equal,
      },
      ...{ nowMs: 5, insteadMs: 5 / ratios[1], ratioLow: ratios[0], ratio: ratios[1], ratioHigh: ratios[2] },
    },
  ],
})

checkRule(sequentialCalls, {
  found: [
    {
      name: 'as a batch, twice as fast: 5 ms · (1 − 1 / 2)',
      given: tried('bits', [1.8, 2, 2.2]),
      expect: { wouldSaveMs: 2.5, basis: 'measured' },
    },
    {
      name: 'as a batch, not surely faster',
      given: tried('rounding', [0.8, 1.2, 2]),
      expect: { wouldSaveMs: null, atMostMs: 2.5, savingUnknown: /timed in turns, no difference was certain/ },
    },
    {
      name: 'as a batch, with other results',
      given: tried('different', [1.8, 2, 2.2]),
      expect: { wouldSaveMs: null, savingUnknown: 'nothing was run in its place' },
    },
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
    // 9 / 2 in each of two threads.
    { name: 'one by one in each of two threads', given: inThreads(9), expect: { detail: /^9 predictions/ } },
    { name: 'four rows', given: given(4), expect: { detail: /^4 predictions/ } },
    {
      name: 'eight that stand in no loop',
      given: examplePipeline({ sessions: [exampleSession({ runsPerPrediction: 8, inputs: [one] })] }),
      expect: { detail: /^8 predictions/ },
    },
  ],
  clear: [
    { name: 'a few in each of two threads: 7 / 2', given: inThreads(7) },
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
