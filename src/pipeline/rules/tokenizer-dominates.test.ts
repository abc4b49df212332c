import { checkPipelineRule, exampleCall, exampleLine, examplePattern, examplePipeline } from '../check-pipeline-rule.ts'
import type { AlternativeFact } from '../facts.ts'
import { tokenizerDominates } from './tokenizer-dominates.ts'

const given = (timeMs: number) =>
  examplePipeline({
    language: 'python',
    lines: [exampleLine({ selfMs: timeMs })],
    patterns: [examplePattern({ pattern: 'hand-tokenizer' })],
  })

const beside = (more: Partial<AlternativeFact>) => ({
  ...given(5),
  alternatives: [
    {
      ...{ file: 'app.py', line: 5, function: 'encode', rule: 'tokenizer-dominates', now: 'encode', code: ['…'] },
      ...{ instead: 'tokenizers with tokenizer.json', equal: 'bits' as const, on: '40 texts' },
      ...{ nowMs: 4, insteadMs: 1, ratio: 4, ratioLow: 3, ratioHigh: 5, ...more },
    },
  ],
})

checkPipelineRule(tokenizerDominates, {
  found: [
    {
      name: 'half of the time',
      given: given(5),
      expect: { timeMs: 5, wouldSaveMs: 4.0, detail: /takes 5\.00 ms, 50 % of a prediction.*pip install tokenizers/ },
    },
    {
      name: 'by its calls',
      given: examplePipeline({ calls: [exampleCall({ callee: 'tokenizers.Tokenizer.encode' })] }),
      expect: { timeMs: 5 },
    },
    {
      name: 'a library that gives the same ids, a quarter of the time',
      given: beside({}),
      expect: { wouldSaveMs: 3.75, basis: 'measured', detail: /On 40 texts that encode was given, .* 4\.0 times as fast/ },
    },
    {
      name: 'a library that is no faster: a note',
      given: beside({ insteadMs: 4, ratio: 1, ratioLow: 0.9, ratioHigh: 1.1 }),
      expect: { wouldSaveMs: 0, basis: 'measured', detail: /the same ids, and is not surely faster/ },
    },
    {
      name: 'a library that gives other ids: what was modelled stays',
      given: beside({ equal: 'different', on: '3 of 40 texts' }),
      expect: { wouldSaveMs: 4.0, basis: 'modelled', detail: /gives other ids on 3 of 40 texts: nothing was measured as saved/ },
    },
  ],
  clear: [{ name: 'a tenth of the time', given: given(1) }],
})
