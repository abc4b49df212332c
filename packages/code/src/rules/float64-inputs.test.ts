import { checkRule, exampleCall, examplePipeline, exampleSession } from '../../test/support/check-rule.ts'
import { float64Inputs } from './float64-inputs.ts'

const array = (dtype: string, size: number) =>
  ({ kind: 'ndarray', dtype, shape: [size / 8], length: size / 8, bytes: size, contiguous: true, device: null }) as const
const given = (size: number, dtype = 'float64') =>
  examplePipeline({ language: 'python', sessions: [exampleSession({ engine: 'keras', inputs: [array(dtype, size)] })] })

checkRule(float64Inputs, {
  found: [
    { name: 'a megabyte for Keras', given: given(1e6), expect: { wouldSaveMs: 0 } },
    {
      name: 'converted before the call',
      given: examplePipeline({
        language: 'python',
        calls: [
          exampleCall({
            callee: 'numpy.ndarray.astype',
            timeMs: 2,
            argument: array('float64', 1e6),
            result: array('float32', 1e6),
          }),
        ],
      }),
      expect: { timeMs: 2, wouldSaveMs: 2 },
    },
    {
      name: 'a Float64Array made a Float32Array',
      given: examplePipeline({
        calls: [
          exampleCall({
            callee: 'Float32Array',
            timeMs: 3,
            argument: { ...array('float64', 1e6), kind: 'typed-array' },
            result: { ...array('float32', 5e5), kind: 'typed-array' },
          }),
        ],
      }),
      expect: { timeMs: 3, detail: /a Float32Array\) they need/ },
    },
    { name: '67 kB', given: given(67_000), expect: { wouldSaveMs: 0 } },
  ],
  clear: [
    { name: 'sixteen numbers', given: given(128) },
    { name: 'float32', given: given(1e6, 'float32') },
    { name: '64 kB', given: given(64_000) },
  ],
})
