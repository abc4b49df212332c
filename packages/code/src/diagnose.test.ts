import { rank } from '@whyslow/diagnosis/run-rules.ts'
import { expect, test } from 'vitest'
import {
  exampleAlternative,
  exampleCall,
  exampleLine,
  exampleLoop,
  examplePattern,
  examplePipeline,
  exampleSession,
} from '../test/support/example-pipeline.ts'
import { exampleTimes, exampleTorch, exampleTrial } from '../test/support/example-torch.ts'
import { diagnosePipeline } from './diagnose.ts'
import type { Replacement } from './evidence.ts'
import { pipelineRules } from './rules/index.ts'
import { scalarLoop } from './rules/scalar-loop.ts'

const given = {
  language: 'python' as const,
  lines: [exampleLine({ selfMs: 5 })],
  loops: [exampleLoop()],
  patterns: [examplePattern({ pattern: 'elementwise-loop' })],
}
/** Four times as fast in turns, on a machine that ran at half the pace. */
const replacement = (place: { readonly file: string; readonly line: number }) =>
  ({
    ...place,
    rule: 'scalar-loop',
    beforeMs: 10,
    afterMs: 2.5,
    factor: 4,
    factorLow: 3,
    factorHigh: 5,
  }) as unknown as Replacement

test('a replacement that was timed beside a place saves its share of the time of that place', () => {
  const [untried] = diagnosePipeline(examplePipeline(given), [scalarLoop])
  if (untried?.verdict !== 'found') throw new Error('expected a finding')
  const [place] = untried.finding.places
  const [measured] = diagnosePipeline(examplePipeline({ ...given, replacements: [replacement(place!)] }), [scalarLoop])
  expect(measured).toMatchObject({ verdict: 'found', finding: { timeMs: 5, wouldSaveMs: 3.75, basis: 'measured' } })
  expect(measured).not.toHaveProperty('finding.savingUnknown')
  const elsewhere = replacement({ file: place!.file, line: place!.line! + 1 })
  const [other] = diagnosePipeline(examplePipeline({ ...given, replacements: [elsewhere] }), [scalarLoop])
  expect(other).toMatchObject({
    finding: { wouldSaveMs: null, savingUnknown: 'nothing was run in its place', replacement: null },
  })
})

test.each([
  ['in its lines', 18, ['image-transforms', 'float64-inputs']],
  ['in a line behind them', 17, ['float64-inputs', 'image-transforms']],
])('what nobody tried comes behind a way that was timed in turns and replaces lines whole: %s', (_, endLine, order) => {
  const place = { file: 'app.py', function: 'preprocess' }
  const value = { kind: 'ndarray', shape: null, length: null, bytes: null, contiguous: true, device: null } as const
  const way = { rule: 'image-transforms', now: 'steps', instead: 'one pass', nowMs: 4, insteadMs: 2, callsPerPrediction: 1 }
  const evidence = examplePipeline({
    language: 'python',
    alternatives: [exampleAlternative({ ...place, ...way, line: 14, endLine, ratio: 2, ratioLow: 1.9, ratioHigh: 2.1 })],
    calls: [
      exampleCall({
        ...place,
        line: 18,
        callee: 'numpy.ndarray.astype',
        timeMs: 6,
        argument: { ...value, dtype: 'float64' },
        result: { ...value, dtype: 'float32' },
      }),
    ],
  })
  expect(rank(diagnosePipeline(evidence, pipelineRules)).map(({ rule }) => rule)).toEqual(order)
})

test.each([
  ['surely 4 % faster', { ...exampleTimes(1.04), ratioLow: 1.02, ratioHigh: 1.06 }],
  ['no difference', { ...exampleTimes(1.01), ratioLow: 0.95, ratioHigh: 1.03 }],
])('gradients left on come before the settings that are timed without them: inference_mode %s', (_, times) => {
  const { ran } = exampleSession()
  const evidence = examplePipeline({
    language: 'python',
    sessions: [exampleSession({ engine: 'pytorch', gradients: true, runMs: 9 })],
    torch: exampleTorch({
      ran,
      gradients: true,
      dispatchMs: 6,
      trials: [
        exampleTrial('inference-mode', { equal: 'bits', times }),
        exampleTrial('threads', { times: exampleTimes(1.5), threads: 1 }),
        exampleTrial('bfloat16', { times: exampleTimes(1.8), error: 0.001 }),
        exampleTrial('compile', { times: exampleTimes(2.5) }),
      ],
    }),
  })
  const [first, ...others] = rank(diagnosePipeline(evidence, pipelineRules))
  expect(first).toMatchObject({ rule: 'gradient-tracking', places: [ran] })
  expect(others.map(({ rule }) => rule)).toEqual(['dispatch-overhead', 'idle-bfloat16-units', 'thread-count'])
})
