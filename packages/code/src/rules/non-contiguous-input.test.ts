import { checkRule, exampleCall, examplePipeline, exampleSession } from '../../test/support/check-rule.ts'
import { nonContiguousInput } from './non-contiguous-input.ts'

const view = (contiguous: boolean, size = 600_000) =>
  ({ kind: 'ndarray', dtype: 'float32', shape: [3, 224, 224], length: size / 4, bytes: size, contiguous, device: null }) as const
const given = (contiguous: boolean, size?: number) =>
  examplePipeline({ language: 'python', sessions: [exampleSession({ inputs: [view(contiguous, size)] })] })

checkRule(nonContiguousInput, {
  found: [
    {
      name: 'a transposed image for the model',
      given: given(false),
      expect: { wouldSaveMs: null, savingUnknown: /not known apart/ },
    },
    {
      name: 'copied before the call',
      given: examplePipeline({
        language: 'python',
        calls: [exampleCall({ callee: 'numpy.ndarray.tobytes', timeMs: 4, argument: view(false) })],
      }),
      expect: { timeMs: 4, wouldSaveMs: null },
    },
    { name: '67 kB', given: given(false, 67_000), expect: { wouldSaveMs: null } },
  ],
  clear: [
    { name: 'contiguous', given: given(true) },
    { name: 'a small one', given: given(false, 400) },
    { name: '64 kB', given: given(false, 64_000) },
  ],
})
