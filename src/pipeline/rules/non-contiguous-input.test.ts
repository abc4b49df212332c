import { checkPipelineRule, exampleCall, examplePipeline, exampleSession } from '../check-pipeline-rule.ts'
import { nonContiguousInput } from './non-contiguous-input.ts'

const view = (contiguous: boolean, size = 600_000) =>
  ({ kind: 'ndarray', dtype: 'float32', shape: [3, 224, 224], length: size / 4, bytes: size, contiguous, device: null }) as const
const given = (contiguous: boolean, size?: number) =>
  examplePipeline({ language: 'python', sessions: [exampleSession({ inputs: [view(contiguous, size)] })] })

checkPipelineRule(nonContiguousInput, {
  found: [
    { name: 'a transposed image for the model', given: given(false), expect: { wouldSaveMs: 0 } },
    // 64 KiB are 65,536.
    { name: 'a little more than 64 KiB', given: given(false, 68_000) },
    {
      name: 'copied before the call',
      given: examplePipeline({
        language: 'python',
        calls: [exampleCall({ callee: 'numpy.ndarray.tobytes', timeMs: 4, argument: view(false) })],
      }),
      expect: { timeMs: 4, wouldSaveMs: 2 },
    },
  ],
  clear: [
    { name: 'contiguous', given: given(true) },
    { name: 'a small one', given: given(false, 400) },
    { name: 'a little less than 64 KiB', given: given(false, 63_000) },
  ],
})
