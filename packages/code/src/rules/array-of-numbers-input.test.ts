import { checkRule, exampleCall, exampleLine, examplePattern, examplePipeline } from '../../test/support/check-rule.ts'
import { arrayOfNumbersInput } from './array-of-numbers-input.ts'

const given = (length: number, timeMs = 5) =>
  examplePipeline({
    language: 'python',
    lines: [exampleLine({ selfMs: timeMs })],
    patterns: [examplePattern({ pattern: 'list-to-array', callee: 'numpy.array' })],
    calls: [exampleCall({ callee: 'numpy.array', timeMs, argument: list(length) })],
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
    { name: '1,020 numbers', given: given(1020), expect: { timeMs: 5 } },
  ],
  clear: [
    { name: 'a dozen numbers', given: given(12) },
    { name: 'next to no time', given: given(50_000, 0.1) },
    { name: '980 numbers', given: given(980) },
  ],
})
