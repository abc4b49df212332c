import {
  checkRule,
  exampleCall,
  exampleLine,
  exampleLoop,
  examplePattern,
  examplePipeline,
} from '../../test/support/check-rule.ts'
import type { LoopFact } from '../facts.ts'
import { growingArray } from './growing-array.ts'

const number = {
  kind: 'number' as const,
  dtype: 'number',
  shape: null,
  length: null,
  bytes: null,
  contiguous: null,
  device: null,
}

const given = (timeMs: number, loops: readonly LoopFact[] = []) =>
  examplePipeline({
    language: 'python',
    loops,
    lines: [exampleLine({ selfMs: timeMs })],
    patterns: [examplePattern({ pattern: 'array-regrown' })],
  })

const pushes = (callsPerPrediction: number) =>
  examplePipeline({
    lines: [exampleLine({ line: 10, selfMs: 5 })],
    patterns: [examplePattern({ pattern: 'list-grown', endLine: 10, callee: 'out.push' })],
    calls: [exampleCall({ callee: 'out.push', line: 10, timeMs: 0, callsPerPrediction, argument: number })],
  })

checkRule(growingArray, {
  found: [
    {
      name: 'half of the time',
      given: given(5),
      expect: { timeMs: 5, wouldSaveMs: null, detail: /app\.mjs:10 takes 5\.00 ms, 50 % of a prediction/ },
    },
    {
      name: 'numbers pushed one by one, in JavaScript',
      given: pushes(100_000),
      expect: { title: 'A list grows by one number at a time', timeMs: 5, wouldSaveMs: null },
    },
    { name: 'eight turns', given: given(5, [exampleLoop({ tripsPerPrediction: 8 })]), expect: { timeMs: 5 } },
    { name: '10,200 pushes', given: pushes(10_200), expect: { timeMs: 5 } },
  ],
  clear: [
    { name: 'a short list', given: pushes(100) },
    { name: 'a place that takes next to nothing', given: given(0.1) },
    { name: 'another pattern', given: examplePipeline({ language: 'python' }) },
    { name: 'seven turns', given: given(5, [exampleLoop({ tripsPerPrediction: 7 })]) },
    { name: '9,800 pushes', given: pushes(9800) },
  ],
})
