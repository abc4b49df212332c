import { checkRule, exampleCall, exampleLine, examplePattern, examplePipeline } from '../../test/support/check-rule.ts'
import { repeatedAllocation } from './repeated-allocation.ts'

const given = (size: number) =>
  examplePipeline({
    language: 'python',
    lines: [exampleLine({ selfMs: 5 })],
    patterns: [examplePattern({ pattern: 'buffer-made', callee: 'numpy.zeros' })],
    calls: [exampleCall({ callee: 'numpy.zeros', result: buffer(size) })],
  })
const buffer = (size: number) =>
  ({
    kind: 'ndarray',
    dtype: 'float32',
    shape: [size / 4],
    length: size / 4,
    bytes: size,
    contiguous: true,
    device: null,
  }) as const

checkRule(repeatedAllocation, {
  found: [
    {
      name: 'forty megabytes',
      given: given(40e6),
      expect: { timeMs: 5, wouldSaveMs: null, detail: /buffer of 40\.0 MB made at app\.mjs:10/ },
    },
    {
      name: 'a list of 300,000',
      given: examplePipeline({
        lines: [exampleLine({ selfMs: 5 })],
        patterns: [examplePattern({ pattern: 'buffer-made', callee: 'Array' })],
        calls: [exampleCall({ callee: 'Array', result: { ...buffer(0), kind: 'array', length: 300_000, bytes: null } })],
      }),
      expect: { timeMs: 5, detail: /buffer of 2\.40 MB made at app\.mjs:10/ },
    },
    { name: '67 kB', given: given(67_000), expect: { timeMs: 5 } },
  ],
  clear: [
    { name: 'four kilobytes', given: given(4000) },
    { name: '64 kB', given: given(64_000) },
  ],
})
