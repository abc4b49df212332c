// Operators that gain nothing from being quantized, computed in float32 again: pairs of conversions between float operators, which only
// round; ConvInteger, which has no fused kernel and runs several times slower than a float convolution; layers whose int8 kernels are slower
// than float ones; and all of a model that has such, or of which much did not fuse.

import type { Model } from '@whyslow/graph/model.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { INT8_OPERATORS } from '@whyslow/measure/engines/onnxruntime/int8/int8-kernels.ts'
import { type FloatProducts, withFloatProducts } from '../../quantize/repair/dynamic-products.ts'
import { floatLayers } from '../../quantize/repair/float-layers.ts'
import { floatModel } from '../../quantize/repair/float-model.ts'
import { floatPairs } from '../../quantize/repair/float-pairs.ts'
import { quantizedGraph, selectDisjoint, withRepairs } from '../../quantize/repair/quantized-graph.ts'
import { defineRemedy, type Proposal, predictedSaving, type RemedyEvidence, type RemedySetup } from '../kit/remedy.ts'

const TREATS = ['unfused-quantization', 'int8-slower-than-float']

export const selectiveDequantization = defineRemedy({
  id: 'selective-dequantization',
  title: 'Operators that gain nothing in int8 computed in float32 again',
  treats: TREATS,
  effect: 'approximate',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  repairs: ({ condition }) => condition === 'float-pair' || condition === 'integer-convolution',
  apply(setup, evidence) {
    const gainless = withoutGainless(setup.model)
    return [
      ...singleOperators(setup, evidence, gainless),
      ...slowLayers(setup, evidence, gainless),
      ...wholeModel(setup, evidence, gainless),
    ]
  },
})

interface Gainless extends Pick<FloatProducts, 'model' | 'layers'> {
  readonly pairs: number
}

/** What gains nothing in int8, whatever the diagnosis says: pairs that only round, and integer convolutions (`layers`). */
function withoutGainless(given: Model): Gainless {
  const { model, layers } = withFloatProducts(given, ({ opType }) => opType === 'ConvInteger')
  const quantized = quantizedGraph(model)
  const pairs = quantized === undefined ? [] : selectDisjoint(floatPairs(quantized))
  return { model: pairs.length === 0 ? model : withRepairs(quantized!, pairs), layers, pairs: pairs.length }
}

function singleOperators(setup: RemedySetup, evidence: RemedyEvidence, { model, layers, pairs }: Gainless): Proposal[] {
  if (pairs + layers.length === 0) return []
  return [
    {
      variant: '',
      setup: { ...setup, model },
      changes: [
        ...(pairs > 0 ? [`${count(pairs, 'pair')} of conversions between float operators taken out`] : []),
        ...(layers.length > 0 ? [`${count(layers.length, 'integer convolution')} computed in float32`] : []),
      ],
      predictedSavingMs: predictedSaving(TREATS, evidence),
    },
  ]
}

/** Those that the diagnosis names: where all are slower, the whole model is what to try. */
function slowLayers(setup: RemedySetup, evidence: RemedyEvidence, gainless: Gainless): Proposal[] {
  const finding = evidence.findings.find(({ rule }) => rule === 'int8-slower-than-float')
  if (finding === undefined) return []
  const executed = new Set(finding.nodes)
  const origins = evidence.profile?.nodes.flatMap(({ name, origin }) => (executed.has(name) ? origin : []))
  const found = floatLayers(setup.model, new Set(origins ?? finding.nodes))
  if (found === undefined || found.stay === 0 || areThese(found.layers, gainless)) return []
  return [
    {
      variant: 'slow-layers',
      setup: { ...setup, model: found.model },
      changes: [`${listed(found.layers)} computed in float32`],
      predictedSavingMs: finding.wouldSaveMs,
    },
  ]
}

/** The first proposal has done just this. */
const areThese = (layers: readonly string[], { layers: done, pairs }: Gainless): boolean =>
  pairs === 0 && done.length === layers.length && layers.every((name) => done.includes(name))

/** Names that a line has room for. */
const NAMED = 3

function listed(names: readonly string[]): string {
  const rest = names.length - NAMED
  if (rest > 1) return `${names.slice(0, NAMED).join(', ')} and ${count(rest, 'other layer')}`
  return names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** Layers that the diagnosis gives a reason for: int8 that fuses and is faster stays. */
function wholeModel(setup: RemedySetup, evidence: RemedyEvidence, gainless: Gainless): Proposal[] {
  const predictedSavingMs = predictedSaving(TREATS, evidence)
  const float = predictedSavingMs === null ? undefined : floatModel(setup.model)
  if (float === undefined) return []
  if (float.pairs + gainless.pairs === 0 && float.products === gainless.layers.length) return []
  const gone = [
    ...(float.pairs > 0 ? [`${count(float.pairs, 'pair')} of conversions taken out`] : []),
    ...(float.products > 0 ? [`weights of ${count(float.products, 'operator')} dequantized`] : []),
  ]
  const rest = float.model.proto.graph!.node.filter(({ opType }) => INT8_OPERATORS.has(opType)).length
  const what = rest === 0 ? 'the whole model' : `all but ${count(rest, 'quantized operator')}`
  return [
    {
      variant: 'whole-model',
      setup: { ...setup, model: float.model },
      changes: [`${what} computed in float32: ${gone.join(', ')}`],
      predictedSavingMs,
    },
  ]
}
