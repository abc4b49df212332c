import { checkPipelineRule, exampleCall, exampleLine, examplePattern, examplePipeline } from '../check-pipeline-rule.ts'
import { tokenizerDominates } from './tokenizer-dominates.ts'

const given = (timeMs: number) =>
  examplePipeline({
    language: 'python',
    lines: [exampleLine({ selfMs: timeMs })],
    patterns: [examplePattern({ pattern: 'hand-tokenizer' })],
  })

checkPipelineRule(tokenizerDominates, {
  found: [
    {
      name: 'half of the time',
      given: given(5),
      expect: { timeMs: 5, wouldSaveMs: 4.0, detail: /takes 5\.00 ms, 50 % of a prediction/ },
    },
    {
      name: 'by its calls',
      given: examplePipeline({ calls: [exampleCall({ callee: 'tokenizers.Tokenizer.encode' })] }),
      expect: { timeMs: 5 },
    },
  ],
  clear: [{ name: 'a tenth of the time', given: given(1) }],
})
