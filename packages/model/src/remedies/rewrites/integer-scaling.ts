// DynamicQuantizeLinear - MatMulInteger - Cast - Mul - Mul, scaled by one scale after the other: with the two scales multiplied first
// the engine fuses it to one operator (onnxruntime/core/optimizer/matmul_integer_to_float.cc).

import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { multiplyScalesFirst } from '../../quantize/repair/integer-chains.ts'
import { quantizedGraph, selectDisjoint, withRepairs } from '../../quantize/repair/quantized-graph.ts'
import { defineRemedy, predictedSaving, rewriteProposal } from '../kit/remedy.ts'

const TREATS = ['unfused-quantization']

export const integerScaling = defineRemedy({
  id: 'integer-scaling',
  title: 'Integer products scaled in the form that fuses',
  treats: TREATS,
  effect: 'rounding',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  repairs: ({ condition }) => condition === 'scaling-apart',
  apply(setup, evidence) {
    const quantized = quantizedGraph(setup.model)
    const found = quantized === undefined ? [] : selectDisjoint(multiplyScalesFirst(quantized))
    if (found.length === 0) return []
    return rewriteProposal(setup, {
      model: withRepairs(quantized!, found),
      changes: [`the scales of ${count(found.length, 'integer product')} multiplied first`],
      predictedSavingMs: predictedSaving(TREATS, evidence),
      took: ({ nodes }) => nodes.some(({ opType }) => /^(DynamicQuantizeMatMul|MatMulIntegerToFloat)$/.test(opType)),
    })
  },
})
