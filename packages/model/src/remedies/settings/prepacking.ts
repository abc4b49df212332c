// At load the engine copies weights into the order in which its kernels read them, and keeps both where the original is still needed.
// Without it, loading is faster and memory less; each prediction packs again what it multiplies.
import { defineRemedy } from '../kit/remedy.ts'
import { proposeEntries } from '../kit/session-options.ts'

export const prepacking = defineRemedy({
  id: 'prepacking',
  title: 'Leave weights as they lie in the model',
  treats: ['cold-start', 'paging'],
  effect: 'rounding',
  kind: 'settings',
  goals: ['memory', 'load-time'],
  apply: (setup, evidence) =>
    proposeEntries(setup, evidence, { 'session.disable_prepacking': '1' }, { why: 'weights are not packed at load' }),
})
