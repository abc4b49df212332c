import { checkRule, exampleCall, exampleLine, examplePattern, examplePipeline } from '../../test/support/check-rule.ts'
import { decodeDominates } from './decode-dominates.ts'

const given = (timeMs: number) =>
  examplePipeline({
    language: 'python',
    lines: [exampleLine({ selfMs: timeMs })],
    patterns: [examplePattern({ pattern: 'image-decode' })],
  })

checkRule(decodeDominates, {
  found: [
    {
      name: 'half of the time',
      given: given(5),
      expect: { timeMs: 5, wouldSaveMs: null, detail: /takes 5\.00 ms, 50 % of a prediction/ },
    },
    {
      name: 'by its calls',
      given: examplePipeline({ calls: [exampleCall({ callee: 'PIL.Image.open' })] }),
      expect: { timeMs: 5 },
    },
    { name: '31 % of the time', given: given(3.1), expect: { timeMs: 3.1 } },
  ],
  clear: [
    { name: 'a tenth of the time', given: given(1) },
    { name: '29 % of the time', given: given(2.9) },
  ],
})
