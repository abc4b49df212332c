// Subnormal numbers, other than zero and below 1.18e-38 in size, are handled outside the fast path on many CPUs. The processor can
// take them as zero. https://onnxruntime.ai/docs/performance/tune-performance/troubleshooting.html
import { defineRemedy, predictedSaving } from '../kit/remedy.ts'
import { proposeEntries } from '../kit/session-options.ts'

const TREATS = ['denormals']

export const denormals = defineRemedy({
  id: 'denormals',
  title: 'Take subnormal numbers as zero',
  treats: TREATS,
  effect: 'rounding',
  kind: 'settings',
  goals: ['latency', 'throughput'],
  apply(setup, evidence) {
    const predictedSavingMs = predictedSaving(TREATS, evidence)
    if (predictedSavingMs === null) return []
    const why = 'numbers below 1.18e-38 count as zero'
    return proposeEntries(setup, evidence, { 'session.set_denormal_as_zero': '1' }, { why, predictedSavingMs })
  },
})
