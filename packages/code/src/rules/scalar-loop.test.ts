import { checkRule, exampleLine, exampleLoop, examplePattern, examplePipeline } from '../../test/support/check-rule.ts'
import type { Language } from '../facts.ts'
import { scalarLoop } from './scalar-loop.ts'

const turns = (language: Language, tripsPerPrediction: number) =>
  examplePipeline({
    language,
    lines: [exampleLine({ selfMs: 5 })],
    loops: [exampleLoop({ tripsPerPrediction })],
    patterns: [examplePattern({ pattern: 'elementwise-loop' })],
  })

checkRule(scalarLoop, {
  found: [
    {
      name: 'half of the time, in a hundred thousand turns',
      given: examplePipeline({
        language: 'python',
        lines: [exampleLine({ selfMs: 5 })],
        loops: [exampleLoop()],
        patterns: [examplePattern({ pattern: 'elementwise-loop' })],
      }),
      // 0.95 of 5 ms
      expect: { timeMs: 5, wouldSaveMs: null, detail: /app\.mjs:10 takes 5\.00 ms, 50 % of a prediction, in 100,000 turns/ },
    },
    { name: '102 turns, in Python', given: turns('python', 102), expect: { wouldSaveMs: null } },
    // 0.6 of 5 ms.
    { name: '10,200 turns, in JavaScript', given: turns('javascript', 10_200), expect: { wouldSaveMs: null } },
  ],
  clear: [
    {
      name: 'ten turns',
      given: examplePipeline({
        language: 'python',
        lines: [exampleLine({ selfMs: 5 })],
        loops: [exampleLoop({ tripsPerPrediction: 10 })],
        patterns: [examplePattern({ pattern: 'elementwise-loop' })],
      }),
    },
    {
      name: 'a loop that takes next to nothing',
      given: examplePipeline({
        language: 'python',
        lines: [exampleLine({ selfMs: 0.1 })],
        patterns: [examplePattern({ pattern: 'elementwise-loop' })],
      }),
    },
    { name: '98 turns, in Python', given: turns('python', 98) },
    { name: '9,800 turns, in JavaScript', given: turns('javascript', 9800) },
  ],
})
