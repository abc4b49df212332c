import { checkRule, exampleLine, examplePattern, examplePipeline } from '../../test/support/check-rule.ts'
import { dataframePerRow } from './dataframe-per-row.ts'

const given = (timeMs: number) =>
  examplePipeline({
    language: 'python',
    lines: [exampleLine({ selfMs: timeMs })],
    patterns: [examplePattern({ pattern: 'dataframe-rows' })],
  })

checkRule(dataframePerRow, {
  found: [
    {
      name: 'half of the time',
      given: given(5),
      expect: { timeMs: 5, wouldSaveMs: null, detail: /app\.mjs:10 takes 5\.00 ms, 50 % of a prediction/ },
    },
  ],
  clear: [
    { name: 'a place that takes next to nothing', given: given(0.1) },
    { name: 'another pattern', given: examplePipeline({ language: 'python' }) },
  ],
})
