import { checkRule, traced } from '../../test/support/check-rule.ts'
import { pythonOverhead } from './python-overhead.ts'

const row = {
  name: 'f',
  file: 'a.py',
  line: 1,
  language: 'python' as const,
  selfShare: 1,
  totalShare: 1,
  calls: null,
  nativeShare: null,
}
const quiet = { dataLoading: 0, compiling: 0, allocating: 0, synchronising: 0, launching: 0, dispatching: 0, unrecorded: 0 }

checkRule(pythonOverhead, {
  found: [
    {
      name: 'a device that waits for Python',
      given: traced({ device: { idleParts: { ...quiet, unrecorded: 0.4 } } }),
      expect: { wouldSaveMs: 4, detail: /40 % of the time, while the device waits/ },
    },
    {
      name: 'on a CPU',
      given: traced({ device: null, host: { unrecorded: 0.5, python: 0.45 } }),
      expect: { wouldSaveMs: 5, detail: /50 % of the time the main thread.*45 % of it/ },
    },
    {
      name: 'a profile of functions',
      given: traced({ functions: { python: 0.6 } }),
      expect: { wouldSaveMs: 6, detail: /interpreter itself takes 60 %/ },
    },
    {
      name: 'a device that waits 15.3 % of the time',
      given: traced({ device: { idleParts: { ...quiet, unrecorded: 0.153 } } }),
      expect: { wouldSaveMs: 1.53 },
    },
    { name: '15.3 % on a CPU', given: traced({ device: null, host: { unrecorded: 0.153 } }), expect: { wouldSaveMs: 1.53 } },
    { name: '15.3 % in the interpreter', given: traced({ functions: { python: 0.153 } }), expect: { wouldSaveMs: 1.53 } },
  ],
  clear: [
    { name: 'operators without gaps', given: traced() },
    { name: 'little of it in the interpreter', given: traced({ functions: { python: 0.05 } }) },
    { name: 'a device that waits 14.7 % of the time', given: traced({ device: { idleParts: { ...quiet, unrecorded: 0.147 } } }) },
    { name: '14.7 % on a CPU', given: traced({ device: null, host: { unrecorded: 0.147 } }) },
    { name: '14.7 % in the interpreter', given: traced({ functions: { python: 0.147 } }) },
  ],
  notChecked: [
    { name: 'no host', given: traced({ host: null, device: null }) },
    { name: 'no operators', given: traced({ host: { operators: 0, unrecorded: 1 }, device: null }) },
    { name: 'a profile that does not tell', given: traced({ functions: { python: null, rows: [row] } }) },
  ],
  doesNotApply: [{ name: 'a profile of JavaScript', given: traced({ functions: { python: null } }) }],
})
