// int8 activations written as uint8. Python's quantizer makes int8 ones by default, and on x86 the engine fuses such a group only where
// each value in it is read in one place. What is computed is the same; what was float between conversions is now requantized.

import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { INT8_OPERATORS } from '@whyslow/measure/engines/onnxruntime/int8/int8-kernels.ts'
import { quantizedGraph, withRepairs } from '../../quantize/repair/quantized-graph.ts'
import { retypedActivations } from '../../quantize/repair/uint8-activations.ts'
import { defineRemedy, predictedSaving, rewriteProposal } from '../kit/remedy.ts'

const TREATS = ['unfused-quantization', 'int8-slower-than-float']
/** What may give a value under the name that it had in float. */
const FUSED = new Set([...INT8_OPERATORS, 'DequantizeLinear'])

export const uint8Activations = defineRemedy({
  id: 'uint8-activations',
  title: 'Activations of int8 written as uint8, which fuse here',
  treats: TREATS,
  effect: 'approximate',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  repairs: ({ condition }) => condition === 'int8-activations',
  apply(setup, evidence) {
    // Arm's kernels take int8 activations.
    if (evidence.instructionSets.includes('neon')) return []
    const quantized = quantizedGraph(setup.model)
    const repair = quantized === undefined ? undefined : retypedActivations(quantized)
    if (quantized === undefined || repair === undefined) return []
    const nodes = new Set(repair.nodes)
    return rewriteProposal(setup, {
      model: withRepairs(quantized, [repair]),
      changes: [
        `activations of ${count(nodes.size, 'quantized operator')} written as uint8, with the scales that they had as int8`,
      ],
      predictedSavingMs: predictedSaving(TREATS, evidence),
      // An operator that fused has another type, and its float output is gone.
      took: ({ nodes: executed }) =>
        executed.filter(({ outputs, opType }) => !FUSED.has(opType) && outputs.some((name) => nodes.has(name))).length <
        nodes.size,
    })
  },
})
