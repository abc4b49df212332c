// The engine allocates memory for every result and copies it into a tensor of JavaScript. It can be given tensors to write into:
// `session.run(feeds, fetches)`, https://onnxruntime.ai/docs/api/js/interfaces/InferenceSession-1.html. onnxruntime-node 1.30 then
// spares its own allocation, and still returns a copy: there is little to gain. Versions differ in what they return.
import { defineRemedy } from '../kit/remedy.ts'
import { withOptions } from '../kit/session-options.ts'

export const reuseOutputs = defineRemedy({
  id: 'reuse-outputs',
  title: 'Write results into the same tensors every time',
  treats: ['call-overhead', 'tiny-model'],
  effect: 'exact',
  kind: 'settings',
  goals: ['latency', 'throughput'],
  onlyWhenNamed: 'the next prediction may overwrite a result: copy what must be kept',
  apply(setup, { offers, outputs }) {
    const writable =
      outputs.length > 0 && outputs.every(({ dtype, shape }) => dtype !== null && dtype !== 'string' && shape !== null)
    if (!offers.includes('reused-outputs') || setup.options.reuseOutputs === true || !writable) return []
    return [
      {
        variant: '',
        setup: withOptions(setup, { reuseOutputs: true }),
        changes: [`results are written into the same ${outputs.length === 1 ? 'tensor' : `${outputs.length} tensors`}`],
        predictedSavingMs: null,
      },
    ]
  },
})
