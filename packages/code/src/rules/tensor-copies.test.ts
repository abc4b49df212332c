import { checkRule } from '../../test/support/check-rule.ts'
import { torchPipeline } from '../../test/support/example-torch.ts'
import { tensorCopies } from './tensor-copies.ts'

const copy = {
  kind: 'dtype' as const,
  what: 'float64 to float32',
  operator: '_to_copy',
  module: 'embed',
  file: 'model.py',
  line: 21,
  function: 'Embed.forward',
  calls: 2,
  timeMs: 1,
}

checkRule(tensorCopies, {
  found: [
    {
      name: 'a line that converts twice',
      given: torchPipeline({ copies: [copy, { ...copy, what: 'int64 to float32' }] }),
      expect: {
        timeMs: 2,
        wouldSaveMs: null,
        detail: /model\.py:21 copies a tensor 4 times a prediction, float64 to float32: 2\.00 ms, 20 %/,
      },
    },
  ],
  clear: [{ name: 'a copy that takes next to nothing', given: torchPipeline({ copies: [{ ...copy, timeMs: 0.1 }] }) }],
})
