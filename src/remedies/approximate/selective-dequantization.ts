// Operators that gain nothing from being quantized, computed in float32 again: pairs of conversions between float operators, which only
// round; ConvInteger, which has no fused kernel and runs several times slower than a float convolution; layers whose int8 kernels are slower
// than float ones; and all of a model that has such, or of which much did not fuse.

import { floatLayers } from '../../quantize/repair/float-layers.ts'
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
  apply: (setup, evidence) => [
    ...singleOperators(setup, evidence),
    ...slowLayers(setup, evidence),
    ...wholeModel(setup, evidence),
  ],
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

/** Those that the diagnosis names: where all are slower, the whole model is what to try. */
function slowLayers(setup: RemedySetup, evidence: RemedyEvidence): Proposal[] {
  const finding = evidence.findings.find(({ rule }) => rule === 'int8-slower-than-float')
  if (finding === undefined) return []
  const executed = new Set(finding.nodes)
  const origins = evidence.profile?.nodes.flatMap(({ name, origin }) => (executed.has(name) ? origin : []))
  const found = floatLayers(setup.model, new Set(origins ?? finding.nodes))
  if (found === undefined || found.stay === 0) return []
  return [
    {
      variant: 'slow-layers',
      setup: { ...setup, model: found.model },
      changes: [`${listed(found.layers)} computed in float32`],
      predictedSavingMs: finding.wouldSaveMs,
    },
  ]
}

/** Names that a line has room for. */
const NAMED = 3

function listed(names: readonly string[]): string {
  const rest = names.length - NAMED
  if (rest > 1) return `${names.slice(0, NAMED).join(', ')} and ${count(rest, 'other layer')}`
  return names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
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
