// Operators that gain nothing from being quantized, computed in float32 again: pairs of conversions between float operators, which only
// round, and ConvInteger, which has no fused kernel and runs several times slower than a float convolution.

import { floatPairs } from '../../quantize/repair/float-pairs.ts'
import { integerConvolutions } from '../../quantize/repair/integer-chains.ts'
import { disjoint, quantizedGraph, withRepairs } from '../../quantize/repair/quantized-graph.ts'
import { count } from '../../rewrite/node-names.ts'
import { defineRemedy, predictedBy, rewriteProposal } from '../../rewrite/remedy.ts'

const TREATS = ['unfused-quantization']

export const selectiveDequantization = defineRemedy({
  id: 'selective-dequantization',
  title: 'Operators that gain nothing in int8 computed in float32 again',
  treats: TREATS,
  effect: 'approximate',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  repairs: ({ condition }) => condition === 'float-pair' || condition === 'integer-convolution',
  apply(setup, evidence) {
    const quantized = quantizedGraph(setup.model)
    if (quantized === undefined) return []
    const [pairs, convolutions] = [disjoint(floatPairs(quantized)), disjoint(integerConvolutions(quantized))]
    if (pairs.length + convolutions.length === 0) return []
    const model = withRepairs(quantized, [...pairs, ...convolutions])
    return rewriteProposal(setup, {
      model,
      changes: [
        ...(pairs.length > 0 ? [`${count(pairs.length, 'pair')} of conversions between float operators taken out`] : []),
        ...(convolutions.length > 0 ? [`${count(convolutions.length, 'integer convolution')} computed in float32`] : []),
      ],
      predictedSavingMs: predictedBy(TREATS, evidence),
    })
  },
})
