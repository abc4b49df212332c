// Off Arm the engine makes int8 activations uint8 before it fuses, and leaves those int8 that several operators read, whose groups then stay
// in float. Allowed as int8 all of them fuse, into kernels that may be slower than those of uint8 and than float.
import { quantizedGraph } from '../../quantize/repair/quantized-graph.ts'
import { defineRemedy, predictedSaving } from '../kit/remedy.ts'
import { proposeEntries } from '../kit/session-options.ts'

const TREATS = ['unfused-quantization']

export const int8Activations = defineRemedy({
  id: 'int8-activations',
  title: 'Activations fused as int8',
  treats: TREATS,
  effect: 'approximate',
  kind: 'settings',
  goals: ['latency', 'throughput'],
  apply(setup, evidence) {
    if (evidence.instructionSets.includes('neon')) return []
    const quantized = quantizedGraph(setup.model)
    const breaks = quantized?.at.graph.nodes.some((node) => quantized.brokenOf(node)?.condition === 'int8-activations')
    if (!breaks) return []
    return proposeEntries(
      setup,
      evidence,
      { 'session.qdqisint8allowed': '1' },
      { why: 'int8 activations fuse unchanged', predictedSavingMs: predictedSaving(TREATS, evidence) },
    )
  },
})
