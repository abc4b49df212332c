import { checkRule, exampleCall, exampleLine, examplePattern, examplePipeline } from '../../test/support/check-rule.ts'
import { fileInTheLoop } from './file-in-the-loop.ts'

const given = (timeMs: number, call: Parameters<typeof exampleCall>[0] | null = null) =>
  examplePipeline({
    language: 'python',
    calls: call === null ? [] : [exampleCall(call)],
    lines: [exampleLine({ selfMs: timeMs })],
    patterns: [examplePattern({ pattern: 'file-read' })],
  })

const ofOneSample = (fixed: boolean) => ({
  ...given(5),
  samples: { count: 1, source: 'module' as const },
  patterns: [examplePattern({ pattern: 'file-read', fixed })],
})

checkRule(fileInTheLoop, {
  found: [
    {
      name: 'half of the time',
      given: given(5),
      expect: { timeMs: 5, wouldSaveMs: 5, detail: /app\.mjs:10 takes 5\.00 ms, 50 % of a prediction/ },
    },
    { name: 'the same file each time', given: given(5, { callee: 'open' }), expect: { timeMs: 5 } },
    { name: 'one sample, and a path that has nothing to do with it', given: ofOneSample(true), expect: { timeMs: 5 } },
  ],
  notChecked: [{ name: 'one sample, and a path that may hang on it', given: ofOneSample(false) }],
  clear: [
    { name: 'another file each time', given: given(5, { callee: 'open', varies: true }) },
    { name: 'a place that takes next to nothing', given: given(0.1) },
    { name: 'another pattern', given: examplePipeline({ language: 'python' }) },
  ],
})
