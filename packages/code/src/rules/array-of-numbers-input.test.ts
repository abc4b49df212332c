import {
  checkRule,
  exampleCall,
  exampleLine,
  examplePattern,
  examplePipeline,
  exampleSession,
} from '../../test/support/check-rule.ts'
import type { SourcePattern } from '../facts.ts'
import { arrayOfNumbersInput } from './array-of-numbers-input.ts'

const given = (length: number, timeMs = 5) =>
  examplePipeline({
    language: 'python',
    lines: [exampleLine({ selfMs: timeMs })],
    patterns: [examplePattern({ pattern: 'list-to-array', callee: 'numpy.array' })],
    calls: [exampleCall({ callee: 'numpy.array', timeMs, argument: list(length) })],
  })
const unseen = (more: Partial<SourcePattern>) => ({
  ...given(0),
  patterns: [examplePattern({ pattern: 'list-to-array', callee: 'numpy.array', ...more })],
  calls: [exampleCall({ callee: 'numpy.array', timeMs: 5, argument: null })],
})
const list = (length: number) =>
  ({ kind: 'array', dtype: 'number', shape: [length], length, bytes: null, contiguous: null, device: null }) as const

checkRule(arrayOfNumbersInput, {
  found: [
    {
      name: 'fifty thousand numbers',
      given: given(50_000),
      expect: { timeMs: 5, wouldSaveMs: null, detail: /app\.mjs:10 takes 5\.00 ms, 50 % of a prediction, for 50,000 numbers/ },
    },
    {
      name: 'an array that was a list in between, which nobody saw',
      given: unseen({ ofList: true }),
      expect: { timeMs: 5, detail: /takes 5\.00 ms, 50 % of a prediction\. Numbers/ },
    },
    { name: '1,020 numbers', given: given(1020), expect: { timeMs: 5 } },
  ],
  clear: [
    {
      name: 'the line of a model, whose own time it is',
      given: {
        ...unseen({}),
        calls: [],
        sessions: [exampleSession({ ran: { file: 'app.mjs', line: 10, function: 'predict' } })],
      },
    },
    { name: 'what may be no list', given: unseen({}) },
    { name: 'a dozen numbers', given: given(12) },
    { name: 'next to no time', given: given(50_000, 0.1) },
    { name: '980 numbers', given: given(980) },
  ],
})
