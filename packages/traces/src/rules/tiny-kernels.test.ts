import { checkRule, traced } from '../../test/support/check-rule.ts'
import { tinyKernels } from './tiny-kernels.ts'

const quiet = { dataLoading: 0, compiling: 0, allocating: 0, synchronising: 0, launching: 0, dispatching: 0, unrecorded: 0 }

const short = (tiny: number, idle: number) =>
  traced({
    device: {
      ...{ tinyKernels: tiny, idleParts: { ...quiet, launching: idle } },
      shares: { lengthMs: 100, compute: 1 - idle, communication: 0, copy: 0, idle },
    },
  })

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
      expect: { wouldSaveMs: 4, detail: /80 % of 1000 kernels take less than 10 µs/ },
    },
    { name: '51 % of the kernels are short', given: short(510, 0.5), expect: { wouldSaveMs: 5 } },
    { name: 'a device that waits 15.3 % of the time', given: short(800, 0.153), expect: { wouldSaveMs: 1.53 } },
  ],
  clear: [
    { name: 'long kernels', given: traced() },
    { name: 'short ones that leave no gaps', given: traced({ device: { tinyKernels: 800 } }) },
    { name: '49 % of the kernels are short', given: short(490, 0.5) },
    { name: 'a device that waits 14.7 % of the time', given: short(800, 0.147) },
  ],
  notChecked: [{ name: 'a recording of the host alone', given: traced({ device: null }) }],
})
