import { checkRule } from '../check-rule.ts'
import { traced } from '../example-trace.ts'
import { tinyKernels } from './tiny-kernels.ts'

const quiet = { dataLoading: 0, compiling: 0, allocating: 0, synchronising: 0, launching: 0, dispatching: 0, unrecorded: 0 }

checkRule(tinyKernels, {
  found: [
    {
      name: 'a device that waits between short kernels',
      given: traced({
        device: {
          ...{ tinyKernels: 800, idleParts: { ...quiet, launching: 0.3, dispatching: 0.1 } },
          shares: { lengthMs: 100, compute: 0.5, communication: 0, copy: 0, idle: 0.5 },
        },
      }),
      expect: { wouldSaveMs: 4, detail: /80 % of 1000 kernels/ },
    },
  ],
  clear: [
    { name: 'long kernels', given: traced() },
    { name: 'short ones that leave no gaps', given: traced({ device: { tinyKernels: 800 } }) },
  ],
  notChecked: [{ name: 'a recording of the host alone', given: traced({ device: null }) }],
})
