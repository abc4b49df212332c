import { checkRule, exampleCall, exampleLine, examplePattern, examplePipeline } from '../../test/support/check-rule.ts'
import type { ValueFact } from '../facts.ts'
import { deviceTransferInTheLoop } from './device-transfer-in-the-loop.ts'

const value = (given: Partial<ValueFact>): ValueFact => ({
  kind: 'object',
  dtype: null,
  shape: null,
  length: null,
  bytes: null,
  contiguous: null,
  device: null,
  ...given,
})

const given = (timeMs: number, call: Parameters<typeof exampleCall>[0] | null = null) =>
  examplePipeline({
    language: 'python',
    calls: call === null ? [] : [exampleCall(call)],
    lines: [exampleLine({ selfMs: timeMs })],
    patterns: [examplePattern({ pattern: 'device-read', loop: { line: 9, endLine: 12, depth: 1 } })],
  })

checkRule(deviceTransferInTheLoop, {
  found: [
    {
      name: 'half of the time',
      given: given(5),
      expect: { timeMs: 5, wouldSaveMs: null, detail: /app\.mjs:10 takes 5\.00 ms, 50 % of a prediction/ },
    },
    {
      name: 'a tensor',
      given: given(5, { callee: 'torch.Tensor.item', argument: value({ kind: 'tensor' }) }),
      expect: { timeMs: 5 },
    },
  ],
  clear: [
    { name: 'numbers of NumPy', given: given(5, { callee: 'numpy.ndarray.item', argument: value({ kind: 'ndarray' }) }) },
    { name: 'a place that takes next to nothing', given: given(0.1) },
    { name: 'another pattern', given: examplePipeline({ language: 'python' }) },
  ],
})
