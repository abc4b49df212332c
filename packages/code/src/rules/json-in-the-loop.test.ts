import { checkRule, exampleCall, exampleLine, examplePattern, examplePipeline } from '../../test/support/check-rule.ts'
import type { ValueFact } from '../facts.ts'
import { jsonInTheLoop } from './json-in-the-loop.ts'

const value = (given: Partial<ValueFact>): ValueFact => ({
  kind: 'object',
  dtype: null,
  shape: null,
  length: null,
  bytes: null,
  contiguous: null,
  device: null,
  ...given,
})

const given = (timeMs: number, call: Parameters<typeof exampleCall>[0] | null = null, kind: 'stages' | 'script' = 'stages') =>
  examplePipeline({
    language: 'python',
    target: { kind, stages: [], places: [] },
    calls: call === null ? [] : [exampleCall(call)],
    lines: [exampleLine({ selfMs: timeMs })],
    patterns: [examplePattern({ pattern: 'json' })],
  })

checkRule(jsonInTheLoop, {
  found: [
    {
      name: 'half of the time',
      given: given(5, { callee: 'json.load', argument: value({}) }),
      expect: { timeMs: 5, wouldSaveMs: null, detail: /app\.mjs:10 takes 5\.00 ms, 50 % of a prediction/ },
    },
    {
      name: 'little text many times',
      given: given(5, { callee: 'json.loads', argument: value({ kind: 'string', bytes: 656 }), callsPerPrediction: 100 }),
      expect: { timeMs: 5 },
    },
  ],
  clear: [
    { name: 'little text', given: given(5, { callee: 'json.loads', argument: value({ kind: 'string', bytes: 65_535 }) }) },
    { name: 'a text that nobody saw, in a script', given: given(5, { callee: 'json.load', argument: value({}) }, 'script') },
    { name: 'nobody saw it called', given: given(5) },
    {
      name: 'a place that takes next to nothing',
      given: given(0.1, { callee: 'json.loads', argument: value({ kind: 'string', bytes: 1e6 }), timeMs: 0 }),
    },
    { name: 'another pattern', given: examplePipeline({ language: 'python' }) },
  ],
})
