import { checkPipelineRule, exampleLine, exampleLoop, examplePattern, examplePipeline } from '../check-pipeline-rule.ts'
import type { Language } from '../facts.ts'
import { scalarLoop } from './scalar-loop.ts'

const turns = (language: Language, tripsPerPrediction: number) =>
  examplePipeline({
    language,
    lines: [exampleLine({ selfMs: 5 })],
    loops: [exampleLoop({ tripsPerPrediction })],
    patterns: [examplePattern({ pattern: 'elementwise-loop' })],
  })

checkPipelineRule(scalarLoop, {
  found: [
    {
      name: 'half of the time, in a hundred thousand turns',
      given: turns('python', 100_000),
      // 0.95 of 5 ms
      expect: { timeMs: 5, wouldSaveMs: 4.75, detail: /app\.mjs:10 takes 5\.00 ms, 50 % of a prediction, in 100,000 turns/ },
    },
    { name: 'a little more than a hundred turns of Python', given: turns('python', 104) },
    // 0.6 of 5 ms
    { name: 'a little more than ten thousand of JavaScript', given: turns('javascript', 10_400), expect: { wouldSaveMs: 3 } },
  ],
  clear: [
    { name: 'a little less than a hundred turns of Python', given: turns('python', 96) },
    { name: 'a little less than ten thousand of JavaScript', given: turns('javascript', 9600) },
    {
      name: 'a loop that takes next to nothing',
      given: examplePipeline({
        language: 'python',
        lines: [exampleLine({ selfMs: 0.1 })],
        patterns: [examplePattern({ pattern: 'elementwise-loop' })],
      }),
    },
  ],
})
