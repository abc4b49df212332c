// Operators that gain nothing from being quantized, computed in float32 again: pairs of conversions between float operators, which only
// round; ConvInteger, which has no fused kernel and runs several times slower than a float convolution; and all of a model whose int8
// kernels are slower than float ones, or of which much did not fuse.

import { floatModel } from '../../quantize/repair/float-model.ts'
import { floatPairs } from '../../quantize/repair/float-pairs.ts'
import { integerConvolutions } from '../../quantize/repair/integer-chains.ts'
import { disjoint, quantizedGraph, withRepairs } from '../../quantize/repair/quantized-graph.ts'
import { count } from '../../rewrite/node-names.ts'
import { defineRemedy, type Proposal, predictedBy, type RemedyEvidence, type RemedySetup } from '../../rewrite/remedy.ts'

const TREATS = ['unfused-quantization', 'int8-slower-than-float']

export const selectiveDequantization = defineRemedy({
  id: 'selective-dequantization',
  title: 'Operators that gain nothing in int8 computed in float32 again',
  treats: TREATS,
  effect: 'approximate',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  repairs: ({ condition }) => condition === 'float-pair' || condition === 'integer-convolution',
  apply: (setup, evidence) => [...singleOperators(setup, evidence), ...wholeModel(setup, evidence)],
})

function singleOperators(setup: RemedySetup, evidence: RemedyEvidence): Proposal[] {
  const quantized = quantizedGraph(setup.model)
  if (quantized === undefined) return []
  const [pairs, convolutions] = [disjoint(floatPairs(quantized)), disjoint(integerConvolutions(quantized))]
  if (pairs.length + convolutions.length === 0) return []
  return [
    {
      variant: '',
      setup: { ...setup, model: withRepairs(quantized, [...pairs, ...convolutions]) },
      changes: [
        ...(pairs.length > 0 ? [`${count(pairs.length, 'pair')} of conversions between float operators taken out`] : []),
        ...(convolutions.length > 0 ? [`${count(convolutions.length, 'integer convolution')} computed in float32`] : []),
      ],
      predictedSavingMs: predictedBy(['unfused-quantization'], evidence),
    },
  ]
}

/** Where the diagnosis gives a reason to: int8 that fuses and is faster stays. */
function wholeModel(setup: RemedySetup, evidence: RemedyEvidence): Proposal[] {
  const predictedSavingMs = predictedBy(TREATS, evidence)
  const float = predictedSavingMs === null ? undefined : floatModel(setup.model)
  if (float === undefined) return []
  return [
    {
      variant: 'whole-model',
      setup: { ...setup, model: float.model },
      changes: [`the whole model computed in float32: ${count(float.pairs, 'pair')} of conversions taken out`],
      predictedSavingMs,
    },
  ]
}
